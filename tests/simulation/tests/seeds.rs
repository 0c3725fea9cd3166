//! A few thousand seeds hold, and every mistake that is made on purpose is noticed.

use std::rc::Rc;

use naru_simulation::{Ending, Materials, Mistake, simulate};

const SEEDS: u64 = 1_500;
/// A mistake shows only in some runs.
const SEEDS_FOR_A_MISTAKE: u64 = 20_000;

#[test]
fn no_seed_breaks_a_promise() {
    let materials = Rc::new(Materials::new());
    let mut moved = 0;
    for seed in 0..SEEDS {
        match simulate(seed, None, &materials) {
            Ok(Ending::Moved) => moved += 1,
            Ok(Ending::Failed(_)) => {}
            Err(violation) => panic!("{violation}"),
        }
    }
    // A world in which nothing ever moves would keep every promise.
    assert!((SEEDS / 2..SEEDS).contains(&moved), "{moved}");
}

#[test]
fn one_seed_always_gives_the_same_run() {
    let materials = Rc::new(Materials::new());
    for seed in 0..40 {
        let twice = [(); 2].map(|()| simulate(seed, None, &materials));
        assert_eq!(twice[0], twice[1], "{seed}");
    }
}

#[test]
fn every_mistake_is_noticed_and_its_seed_shows_it_again() {
    let materials = Rc::new(Materials::new());
    for mistake in Mistake::ALL {
        let noticed = (0..SEEDS_FOR_A_MISTAKE)
            .find_map(|seed| simulate(seed, Some(mistake), &materials).err())
            .unwrap_or_else(|| panic!("{mistake:?} is not noticed"));
        let again = simulate(noticed.seed, Some(mistake), &materials);
        assert_eq!(again, Err(noticed), "{mistake:?}");
    }
}
