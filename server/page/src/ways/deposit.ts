import type { Chosen, Page } from "../screen";
import { platform } from "../screen";
import { type Deposited, codesScreen } from "../screens/deposit";
import { doneScreen, resultScreen } from "../screens/done";
import { messageScreen, transferScreen } from "../screens/simple";
import { codeOf } from "../thrown";
import { remember, removeOriginal } from "./give";

/** Leaves a certificate with the relay, and looks after it while the page is open. */
export async function deposit(page: Page, chosen: Chosen, hours: number): Promise<void> {
  const again = () => void deposit(page, chosen, hours);
  let transfer: number;
  try {
    transfer = await page.core.call("deposit", chosen.index, hours * 3_600, "PC", platform());
  } catch (error) {
    return page.show(messageScreen(codeOf(error), again));
  }
  let deposited: Deposited | undefined;
  let withdrawn = false;
  const withdraw = () => {
    withdrawn = true;
    void page.core.call("withdraw", transfer);
  };
  const conclude = async (remove: boolean) =>
    page.show(resultScreen(remove ? await removeOriginal(page, chosen) : undefined));
  page.watch(transfer, undefined, (event) => {
    switch (event.type) {
      case "stored":
        void page.core.call("qr", event.recovery).then((qr) => {
          const ends = Date.now() + event.expiresIn * 1000;
          deposited = { recovery: event.recovery, withdrawCode: event.withdraw, qr, claimed: false, ends, withdraw };
          page.guard(true);
          page.show(codesScreen(deposited));
        });
        return;
      case "claimed":
      case "released":
        if (deposited) deposited.claimed = event.type === "claimed";
        page.announce(event.type === "claimed" ? page.text.deposit.claimed : page.text.deposit.waiting);
        return page.redraw();
      case "received":
        remember(page, chosen);
        page.guard(false);
        return page.show(doneScreen(chosen, event.signed, conclude));
      case "ended":
        if (withdrawn) page.show(messageScreen("withdrawn"));
        return;
      case "failed":
        return page.show(messageScreen(event.code, deposited ? undefined : again));
    }
  });
  page.show(transferScreen);
}
