//! Chains of operations: who may do what, and which of two chains stands.

use proptest::prelude::*;

use super::*;

fn key(number: u8) -> Keypair {
    Keypair::from_seed(&[number; 32])
}

fn person() -> (Keypair, Chain) {
    let root = key(1);
    let chain = Chain::begin(&root, &key(2).public(), &key(3), Millis(1000));
    (root, chain)
}

fn add(chain: &Chain, number: u8) -> Change {
    Change::AddDevice { device: key(number).public(), consent: consent(&key(number), chain.inception.id()) }
}

fn revoke(number: u8, cuts: Vec<LogEnd>) -> Change {
    Change::RevokeDevice { device: key(number).public(), cuts }
}

fn end(device: u8, number: u64, seq: u64) -> LogEnd {
    LogEnd { log: blind_log(&SPACE, &key(device).public(), number), seq, id: EntryId([9; 32]) }
}

fn after(mut chain: Chain, signer: u8, change: Change) -> Chain {
    chain.append(&key(signer), change, Millis(2000));
    chain
}

const SPACE: SpaceId = SpaceId([7; 32]);

#[test]
fn devices_come_and_go_and_a_revoked_one_does_not_come_back() {
    let (root, mut chain) = person();
    let added = add(&chain, 4);
    chain.append(&root, added, Millis(2000));
    chain.append(&root, revoke(3, vec![end(3, 0, 5)]), Millis(3000));
    let identity = chain.clone().verify().expect("a good chain");
    assert_eq!(identity.devices(), [key(4).public()]);
    assert_eq!(identity.ever().count(), 2);
    assert_eq!(identity.revocations()[0].device, key(3).public());
    let again = add(&chain, 3);
    assert_eq!(after(chain, 1, again).verify(), Err(ChainError::Idle(3)));
}

#[test]
fn nobody_names_a_device_that_did_not_agree() {
    let (_, chain) = person();
    let other = Chain::begin(&key(20), &key(21).public(), &key(22), Millis(1));
    let foreign = Change::AddDevice { device: key(4).public(), consent: consent(&key(4), other.inception.id()) };
    assert_eq!(after(chain.clone(), 1, foreign).verify(), Err(ChainError::Unwilling(1)));
    let unasked = Change::AddDevice { device: key(4).public(), consent: consent(&key(5), chain.inception.id()) };
    assert_eq!(after(chain, 1, unasked).verify(), Err(ChainError::Unwilling(1)));
}

#[test]
fn a_device_adds_devices_and_revokes_only_those() {
    let (_, chain) = person();
    let (four, five) = (add(&chain, 4), add(&chain, 5));
    let chain = after(after(chain, 3, four), 1, five);
    assert!(after(chain.clone(), 3, revoke(4, vec![])).verify().is_ok());
    for (signer, whom) in [(3, 5), (4, 3), (4, 5), (9, 4)] {
        let refused = after(chain.clone(), signer, revoke(whom, vec![])).verify();
        assert_eq!(refused, Err(ChainError::WrongSigner(3)), "{signer} revokes {whom}");
    }
    let gone = after(chain, 1, revoke(3, vec![]));
    let six = add(&gone, 6);
    assert_eq!(after(gone, 3, six).verify(), Err(ChainError::WrongSigner(4)), "a revoked device signs nothing more");
}

#[test]
fn a_forged_reordered_or_foreign_operation_is_found() {
    let (_, chain) = person();
    let added = add(&chain, 4);
    let good = after(chain, 1, added);
    let mut chain = good.clone();
    chain.operations.swap(0, 1);
    assert_eq!(chain.verify(), Err(ChainError::Unlinked(0)));
    let mut chain = good.clone();
    chain.inception.created = Millis(1);
    assert_eq!(chain.verify(), Err(ChainError::Unlinked(0)), "another inception is another identity");
    for at in 0..good.operations[1].bytes.len() {
        let mut chain = good.clone();
        chain.operations[1].bytes[at] ^= 1;
        assert!(chain.verify().is_err(), "byte {at}");
    }
}

#[test]
fn a_log_ends_where_root_or_another_device_says() {
    let (_, chain) = person();
    let added = add(&chain, 4);
    let chain = after(chain, 1, added);
    let ending = |chain: &Chain, number| chain.clone().verify().expect("good").ending(&SPACE, &key(3).public(), number);
    assert_eq!(ending(&chain, 0), Ending::None);
    let own = after(chain.clone(), 3, Change::CloseLog { end: end(3, 0, 1) });
    assert_eq!(ending(&own, 0), Ending::None, "no device closes its own log");
    let other = after(own, 4, Change::CloseLog { end: end(3, 0, 2) });
    assert_eq!(ending(&other, 0), Ending::At(2, EntryId([9; 32])));
    let roots = after(other, 1, Change::CloseLog { end: end(3, 0, 3) });
    assert_eq!(ending(&roots, 0), Ending::At(3, EntryId([9; 32])), "the root is believed first");
    let twice = after(roots, 1, Change::CloseLog { end: end(3, 0, 4) });
    assert_eq!(ending(&twice, 0), Ending::At(3, EntryId([9; 32])), "and once");
    let revoked = after(twice, 1, revoke(3, vec![end(3, 1, 8)]));
    assert_eq!(ending(&revoked, 0), Ending::At(3, EntryId([9; 32])), "a closed log keeps its end");
    assert_eq!(ending(&revoked, 1), Ending::At(8, EntryId([9; 32])));
    assert_eq!(ending(&revoked, 2), Ending::Nothing);
    let elsewhere = revoked.verify().expect("good").ending(&SpaceId([8; 32]), &key(3).public(), 1);
    assert_eq!(elsewhere, Ending::Nothing, "a cut is for one space");
}

/// A chain drawn from numbers: each is a signer and a change that it may make.
fn drawn(steps: &[(u8, u8)]) -> Identity {
    let (_, mut chain) = person();
    for (signer, what) in steps {
        let signer = [1, 3, 4, 5][usize::from(signer % 4)];
        let change = match what % 4 {
            0 => add(&chain, 4 + what % 3),
            1 => revoke(3 + what % 4, vec![]),
            _ => Change::CloseLog { end: end(3, 0, u64::from(*what)) },
        };
        let next = after(chain.clone(), signer, change);
        if next.clone().verify().is_ok() {
            chain = next;
        }
    }
    chain.verify().expect("each step was tried")
}

proptest! {
    #[test]
    fn of_any_chains_the_same_one_stands_in_whatever_order_they_come(
        steps in prop::collection::vec(prop::collection::vec((any::<u8>(), any::<u8>()), 0..5), 2..6),
        turn in any::<usize>(),
    ) {
        let chains: Vec<Identity> = steps.iter().map(|steps| drawn(steps)).collect();
        let stands = |chains: &[Identity]| {
            chains.iter().fold(None, |held: Option<&Identity>, next| match held {
                Some(held) if !next.beats(held) => Some(held),
                _ => Some(next),
            }).cloned()
        };
        let mut turned = chains.clone();
        turned.rotate_left(turn % chains.len());
        let reversed: Vec<Identity> = chains.iter().rev().cloned().collect();
        prop_assert_eq!(stands(&chains), stands(&turned));
        prop_assert_eq!(stands(&chains), stands(&reversed));
        for (a, b) in chains.iter().zip(&chains[1..]) {
            prop_assert_eq!(a == b, !a.beats(b) && !b.beats(a));
            prop_assert!(!(b.chain().operations.starts_with(&a.chain().operations) && a.beats(b)), "what goes on is not undone by what it follows");
        }
    }
}

#[test]
fn no_device_undoes_what_the_root_said() {
    let (_, chain) = person();
    let said = after(chain.clone(), 1, revoke(3, vec![])).verify().expect("good");
    let mut rewound = chain.clone();
    for number in 4..40 {
        let added = add(&chain, number);
        rewound = after(rewound, 3, added);
    }
    let rewound = rewound.verify().expect("a chain of one device");
    assert!(said.beats(&rewound) && !rewound.beats(&said));
}
