//! One transfer that is led from step to step.

use std::time::{Duration, Instant};

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use naru_core::{
    client::{
        GiverCommand, GiverEvent, ReceiverCommand, ReceiverEvent, TransferError, give, receive,
    },
    device::Device,
    giver::Conclusion,
    handshake::SecurityCode,
    pairing::{Direction, Pairing},
    receiver::Arrival,
};
use naru_tests::{offer, rng, sample, stored};
use tokio::{
    task::{JoinHandle, spawn_local},
    time::timeout,
};

use crate::{Ending, Step, nodes::Nodes};

/// Longer than anything may take: a request that nobody answers, and the one after it.
const AT_LAST: Duration = Duration::from_secs(90);

type Ended<T> = JoinHandle<Result<T, TransferError>>;

pub(crate) struct Transfer<'n> {
    nodes: &'n Nodes,
    pairing: Option<Pairing>,
    giver: Option<Side<GiverCommand, GiverEvent, ()>>,
    receiver: Option<Side<ReceiverCommand, ReceiverEvent, Option<Conclusion>>>,
    code: Option<SecurityCode>,
    arrival: Option<Arrival>,
    is_received: bool,
    fault: Option<Instant>,
}

struct Side<C, E, T> {
    commands: UnboundedSender<C>,
    events: UnboundedReceiver<E>,
    end: Ended<T>,
}

impl<'n> Transfer<'n> {
    pub(crate) fn new(nodes: &'n Nodes) -> Self {
        Self {
            nodes,
            pairing: None,
            giver: None,
            receiver: None,
            code: None,
            arrival: None,
            is_received: false,
            fault: None,
        }
    }

    pub(crate) fn note_the_fault(&mut self) {
        self.fault = Some(Instant::now());
    }

    /// Goes on until the step is reached; `false` when the transfer has ended before.
    pub(crate) async fn reach(&mut self, step: Step) -> Result<bool, String> {
        let reached = timeout(AT_LAST, self.go_to(step)).await;
        reached.map_err(|_| format!("it hangs before {step:?}"))
    }

    /// Goes on to the end from the step that was reached.
    pub(crate) async fn finish(&mut self, from: Step) -> Result<Ending, String> {
        for step in Step::ALL {
            if step as u8 > from as u8 && !self.reach(step).await? {
                break;
            }
        }
        let (giver, receiver) = (self.giver.take(), self.receiver.take());
        let giver_end = end(giver.map(|side| (side.commands, side.end))).await?;
        let receiver_end = end(receiver.map(|side| (side.commands, side.end))).await?;
        let recovered = self.fault.map_or(Duration::ZERO, |fault| fault.elapsed());
        match (self.is_received, giver_end, receiver_end) {
            (true, _, _) => Ok(Ending::Done { recovered }),
            (false, Err(ours), theirs) => Ok(Ending::Failed {
                causes: [ours, theirs.err().unwrap_or("none")],
            }),
            (false, Ok(()), _) => Err("the giver is content without a receipt".into()),
        }
    }

    async fn go_to(&mut self, step: Step) -> bool {
        match step {
            Step::BeforeOpening => true,
            Step::Opened => {
                let origin = self.nodes.origin();
                let ours = Pairing::display(origin, Direction::DisplayerGives, &mut rng(1));
                let text = ours.code().to_string();
                self.pairing = Pairing::scan(&text, std::slice::from_ref(origin)).ok();
                self.giver = Some(self.give(ours));
                self.giver_shows(|event| matches!(event, GiverEvent::Open { .. }))
                    .await
            }
            Step::Joined => {
                let Some(pairing) = self.pairing.take() else {
                    return false;
                };
                self.receiver = Some(self.receive(pairing));
                self.receiver_shows(|this, event| match event {
                    ReceiverEvent::ShowCode { code, .. } => {
                        this.code = Some(code);
                        true
                    }
                    _ => false,
                })
                .await
                    && self
                        .giver_shows(|event| matches!(event, GiverEvent::Joined { .. }))
                        .await
            }
            Step::Sending => {
                let code = self.code.take().expect("it has been shown");
                self.tell_giver(GiverCommand::EnterCode(code));
                self.giver_shows(|event| matches!(event, GiverEvent::Sending))
                    .await
            }
            Step::Arrived => {
                self.receiver_shows(|this, event| match event {
                    ReceiverEvent::Arrived(arrival) => {
                        this.arrival = Some(arrival);
                        true
                    }
                    _ => false,
                })
                .await
            }
            Step::Acknowledging => {
                let arrival = self.arrival.take().expect("it has come");
                let side = self.receiver.as_ref().expect("it runs");
                // A device that has ended says why at the end.
                let _ = side
                    .commands
                    .unbounded_send(ReceiverCommand::Stored(stored(&arrival)));
                true
            }
            Step::Received => {
                self.is_received = self
                    .giver_shows(|event| matches!(event, GiverEvent::Received(_)))
                    .await;
                self.is_received
            }
            Step::Concluding => {
                self.tell_giver(GiverCommand::Conclude(Conclusion::Deleted));
                true
            }
        }
    }

    fn give(&self, pairing: Pairing) -> Side<GiverCommand, GiverEvent, ()> {
        let (commands, queue) = unbounded();
        let (shown, events) = unbounded();
        let client = self.nodes.client(0);
        let end = spawn_local(async move {
            let show = |event| drop(shown.unbounded_send(event));
            let (mut rng, folder) = (rng(2), sample());
            let device = Device::new("PC", "Linux");
            give(
                &client,
                pairing,
                offer(&folder),
                device,
                &mut rng,
                queue,
                show,
            )
            .await
        });
        Side {
            commands,
            events,
            end,
        }
    }

    fn receive(
        &self,
        pairing: Pairing,
    ) -> Side<ReceiverCommand, ReceiverEvent, Option<Conclusion>> {
        let (commands, queue) = unbounded();
        let (shown, events) = unbounded();
        let client = self.nodes.client(1);
        let end = spawn_local(async move {
            let show = |event| drop(shown.unbounded_send(event));
            let device = Device::new("Phone", "Android");
            receive(&client, pairing, device, &mut rng(3), queue, show).await
        });
        Side {
            commands,
            events,
            end,
        }
    }

    fn tell_giver(&self, command: GiverCommand) {
        let side = self.giver.as_ref().expect("it runs");
        // A device that has ended says why at the end.
        let _ = side.commands.unbounded_send(command);
    }

    async fn giver_shows(&mut self, is_it: impl Fn(&GiverEvent) -> bool) -> bool {
        let side = self.giver.as_mut().expect("it runs");
        while let Ok(event) = side.events.recv().await {
            if is_it(&event) {
                return true;
            }
        }
        false
    }

    async fn receiver_shows(&mut self, is_it: impl Fn(&mut Self, ReceiverEvent) -> bool) -> bool {
        loop {
            let side = self.receiver.as_mut().expect("it runs");
            let Ok(event) = side.events.recv().await else {
                return false;
            };
            if is_it(self, event) {
                return true;
            }
        }
    }
}

/// The cause where a side has failed; one that never began has not.
async fn end<C, T>(
    side: Option<(UnboundedSender<C>, Ended<T>)>,
) -> Result<Result<(), &'static str>, String> {
    let Some((_commands, end)) = side else {
        return Ok(Ok(()));
    };
    match timeout(AT_LAST, end).await {
        Err(_) => Err("a side hangs".into()),
        Ok(Err(_)) => Err("a side has panicked".into()),
        Ok(Ok(ended)) => Ok(ended.map(drop).map_err(TransferError::code)),
    }
}
