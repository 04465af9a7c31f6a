//! Tests of trust: a small town to ask questions in, known answers and sentences. Nothing here is built into the product.

mod oracle;
mod property;

use super::appleseed::Flow;
use super::*;
use crate::crypto;
use crate::time::DAY_MS;

/// 2026-06-01.
const NOW: Millis = Millis(20_605 * DAY_MS);

fn person(n: u8) -> IdentityId {
    IdentityId([n; 32])
}

/// Deterministic chance.
struct Dice {
    bytes: Vec<u8>,
    at: usize,
}

impl Dice {
    fn new(seed: u64) -> Self {
        let mut bytes = vec![0; 8_192];
        crypto::stream(&crypto::hash(crypto::Context::Stream, &[&seed.to_le_bytes()]), &mut bytes);
        Self { bytes, at: 0 }
    }

    fn below(&mut self, n: usize) -> usize {
        let two = [self.bytes[self.at % 8_192], self.bytes[(self.at + 1) % 8_192]];
        self.at += 2;
        usize::from(u16::from_le_bytes(two)) % n
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

/// People 0, 1, 2 …; 0 asks.
#[derive(Clone, Default)]
struct Town {
    vouches: Vec<Vouch>,
    reviews: Vec<Evidence>,
    own: Vec<Purchase>,
    blocked: BTreeSet<IdentityId>,
    made: u64,
}

impl Town {
    fn entry(&mut self) -> [u8; 32] {
        self.made += 1;
        crypto::hash(crypto::Context::Entry, &[&self.made.to_le_bytes()])
    }

    fn vouch(&mut self, from: u8, to: u8, weight: Weight) -> EntryId {
        let entry = EntryId(self.entry());
        self.vouches.push(Vouch { from: person(from), to: person(to), weight, entry });
        entry
    }

    fn review(&mut self, by: u8, about: u8, outcome: Outcome, days_ago: u64) -> EntryId {
        let (entry, order) = (EntryId(self.entry()), OrderId(self.entry()));
        let at = Millis(NOW.0 - days_ago * DAY_MS);
        self.reviews.push(Evidence { by: person(by), about: person(about), side: Side::Bought, outcome, at, entry, order });
        entry
    }

    fn buy(&mut self, with: u8, outcome: Outcome, days_ago: u64) {
        let order = OrderId(self.entry());
        let at = Millis(NOW.0 - days_ago * DAY_MS);
        self.own.push(Purchase { with: person(with), side: Side::Bought, outcome, at, entry: None, order });
    }

    fn ask(&self, subject: u8) -> Answer {
        let question = Question {
            viewer: person(0),
            subject: person(subject),
            vouches: &self.vouches,
            reviews: &self.reviews,
            own: &self.own,
            blocked: &self.blocked,
            now: NOW,
        };
        question.answer()
    }

    fn graph(&self) -> Graph {
        Graph::new(person(0), &self.vouches, &self.blocked)
    }

    /// People 0 to `n` - 1 with vouches and reviews by chance.
    fn random(n: u8, dice: &mut Dice) -> Self {
        let mut town = Self::default();
        for from in 0..n {
            for to in 0..n {
                if from != to && dice.below(10) < 3 {
                    town.vouch(from, to, [Weight::Acquaintance, Weight::Friend, Weight::Close][dice.below(3)]);
                }
            }
        }
        for _ in 0..dice.below(24) {
            let outcome = [Outcome::Good, Outcome::Good, Outcome::Bad, Outcome::Neutral][dice.below(4)];
            let by = dice.below(usize::from(n)) as u8;
            town.review(by, n - 1 - dice.below(2) as u8, outcome, dice.below(1_500) as u64);
        }
        if dice.below(4) == 0 {
            let outcome = [Outcome::Good, Outcome::Bad, Outcome::Neutral][dice.below(3)];
            town.buy(n - 1, outcome, dice.below(1_500) as u64);
        }
        town
    }
}

/// All numbers of an answer, to the bit.
fn bits(answer: &Answer) -> Vec<u64> {
    let numbers = [answer.g, answer.b, answer.counted, answer.mean, answer.rank];
    numbers.into_iter().chain(answer.reasons.iter().map(|reason| reason.share)).map(f64::to_bits).collect()
}

fn texts(answer: &Answer) -> Vec<String> {
    let names = ["Zoe", "Ana", "Ben", "Chen", "Dora", "Emil", "Finn", "Gita", "Lin", "Sol"];
    let name = |id: &IdentityId| names[usize::from(id.0[0])].to_owned();
    answer.reasons.iter().map(|reason| reason.text(&answer.subject, &name)).collect()
}

fn assert_ranks(town: &Town, weigh: fn(Weight) -> f64, expected: &[(u8, f64)]) {
    let flow = Flow::new(&town.graph(), weigh);
    for (who, rank) in expected {
        assert!((flow.rank(&person(*who)) - rank).abs() < 1e-6, "{who}: {} for {rank}", flow.rank(&person(*who)));
    }
}

#[test]
fn exact_ranks_of_three_graphs() {
    let mut t1 = Town::default();
    for (from, to) in [(0, 1), (0, 2), (1, 3), (4, 5)] {
        t1.vouch(from, to, Weight::Close);
    }
    assert_ranks(&t1, Weight::value, &[(1, 9_000.0 / 107.0), (2, 9_000.0 / 107.0), (3, 3_400.0 / 107.0), (4, 0.0), (5, 0.0)]);
    assert!(!t1.graph().reaches(&person(5)));

    let mut t2 = Town::default();
    for (from, to) in [(0, 1), (1, 2), (1, 3)] {
        t2.vouch(from, to, Weight::Close);
    }
    assert_ranks(&t2, Weight::value, &[(1, 13_000.0 / 99.0), (2, 3_400.0 / 99.0), (3, 3_400.0 / 99.0)]);

    let mut t3 = t2;
    t3.vouches[2].weight = Weight::Friend;
    let two_fifths = |weight: Weight| if weight == Weight::Friend { 0.4 } else { weight.value() };
    assert_ranks(&t3, two_fifths, &[(1, 22_000.0 / 161.0), (2, 6_800.0 / 161.0), (3, 3_400.0 / 161.0)]);
}

#[test]
fn nothing_known_is_unknown_without_reasons() {
    let answer = Town::default().ask(9);
    assert_eq!((answer.word, answer.reasons.len(), answer.own_purchases, answer.branches), (Word::Unknown, 0, 0, 0));
    assert_eq!((answer.g, answer.b, answer.mean, answer.rank), (0.0, 0.0, 0.5, 0.0));
}

#[test]
fn reasons_read_as_sentences() {
    let mut town = Town::default();
    let ana = town.vouch(0, 1, Weight::Close);
    let ben = town.vouch(1, 2, Weight::Friend);
    let old = town.review(1, 9, Outcome::Good, 300);
    let newest = town.review(1, 9, Outcome::Good, 1);
    let middle = town.review(1, 9, Outcome::Good, 40);
    let bad = town.review(2, 9, Outcome::Bad, 90);
    let answer = town.ask(9);
    assert_eq!(
        texts(&answer),
        [
            "Ana (close friend) bought here 3 times, last in 2026-05, all fine",
            "Ben, whom Ana knows, bought here once, in 2026-03, went badly",
        ]
    );
    assert_eq!(answer.reasons[0].proofs, [newest, middle, old, ana]);
    assert_eq!(answer.reasons[1].proofs, [bad, ana, ben]);
    assert_eq!(answer.reasons[1].via, [person(1), person(2)]);
    assert_eq!(answer.reasons[0].share + answer.reasons[1].share, 1.0);
}

#[test]
fn vouches_alone_are_a_reason_but_no_evidence() {
    let mut town = Town::default();
    let lin = town.vouch(0, 8, Weight::Close);
    let chen = town.vouch(8, 3, Weight::Friend);
    let dora = town.vouch(3, 4, Weight::Acquaintance);
    let emil = town.vouch(4, 5, Weight::Close);
    let expected = [
        (8, "You vouch for Lin (close friend)", vec![lin], 0),
        (3, "Lin (close friend), whom you vouch for, vouches for Chen", vec![lin, chen], 1),
        (4, "Lin (close friend), whom you vouch for, vouches for Chen, who vouches for Dora", vec![lin, chen, dora], 2),
    ];
    for (who, text, proofs, between) in expected {
        let answer = town.ask(who);
        assert_eq!(texts(&answer), [text]);
        assert_eq!((&answer.reasons[0].proofs, answer.reasons[0].via.len(), answer.reasons[0].share), (&proofs, between, 0.0));
        assert_eq!((answer.word, answer.g + answer.b), (Word::Unknown, 0.0));
        assert!(answer.rank > 0.0);
        assert_eq!(town.graph().introduction(&person(who)).as_ref(), Some(&answer.reasons[0]));
    }
    assert!(!town.vouches.iter().any(|vouch| vouch.entry == emil && town.graph().reaches(&vouch.to)), "four steps away");
    assert_eq!(town.ask(5).reasons, []);
    assert_eq!(town.graph().introduction(&person(0)), None);
}

#[test]
fn the_strongest_vouch_of_several_counts() {
    let mut town = Town::default();
    town.vouch(0, 1, Weight::Friend);
    let (a, b) = (town.vouch(0, 1, Weight::Close), town.vouch(0, 1, Weight::Close));
    town.vouch(0, 1, Weight::Acquaintance);
    let answer = town.ask(1);
    assert_eq!(answer.reasons[0].proofs, [a.min(b)]);
    assert_eq!(answer.reasons[0].weight, Some(Weight::Close));
}

#[test]
fn the_path_shown_is_the_one_of_the_largest_product() {
    let mut town = Town::default();
    town.vouch(0, 1, Weight::Close);
    town.vouch(0, 2, Weight::Friend);
    town.vouch(1, 3, Weight::Acquaintance);
    town.vouch(2, 3, Weight::Friend);
    assert_eq!(town.ask(3).reasons[0].via, [person(2)], "0.25 against 0.2");
    town.vouch(0, 4, Weight::Friend);
    town.vouch(4, 3, Weight::Friend);
    assert_eq!(town.ask(3).reasons[0].via, [person(2)], "of equals the lowest id");
}

#[test]
fn known_needs_two_branches() {
    let mut town = Town::default();
    for friend in [1, 2] {
        town.vouch(0, friend, Weight::Friend);
    }
    for _ in 0..3 {
        town.review(1, 9, Outcome::Good, 10);
    }
    let one = town.ask(9);
    assert_eq!((one.word, one.branches, one.counted), (Word::Unknown, 1, 0.0));
    assert!(one.g > 2.9);
    town.review(2, 9, Outcome::Good, 10);
    let two = town.ask(9);
    assert_eq!((two.word, two.branches), (Word::Known, 2));
    assert!((two.counted - 2.5 * (two.g - one.g)).abs() < 1e-12, "the larger branch is 60 % of what counts");
}

#[test]
fn two_branches_may_lie_behind_two_friends_who_never_bought() {
    let mut town = Town::default();
    for (friend, buyer) in [(1, 3), (2, 4)] {
        town.vouch(0, friend, Weight::Close);
        town.vouch(friend, buyer, Weight::Close);
        town.review(buyer, 9, Outcome::Good, 1);
    }
    assert_eq!((town.ask(9).word, town.ask(9).branches), (Word::Known, 2));
    // The same two buyers behind one friend are one branch.
    let one_friend = |vouch: &mut Vouch| vouch.from = if vouch.from == person(2) { person(1) } else { vouch.from };
    town.vouches.iter_mut().for_each(one_friend);
    assert_eq!((town.ask(9).word, town.ask(9).branches), (Word::Unknown, 1));
}

#[test]
fn bad_deals_make_it_mixed_and_stay_visible() {
    let mut town = Town::default();
    for friend in 1..=5 {
        town.vouch(0, friend, Weight::Friend);
    }
    for friend in 1..=4 {
        for _ in 0..3 {
            town.review(friend, 9, Outcome::Good, 5);
        }
    }
    assert_eq!(town.ask(9).word, Word::Known);
    let bad = town.review(5, 9, Outcome::Bad, 400);
    let answer = town.ask(9);
    assert_eq!(answer.word, Word::Known, "one old complaint among twelve deals");
    assert!(answer.reasons.iter().take(3).any(|reason| reason.proofs.contains(&bad)), "but it is shown: {:?}", texts(&answer));
    assert_eq!(answer.reasons.len(), 4);
    assert_eq!(texts(&answer)[3], "2 others bought here 6 times, last in 2026-05, all fine");
    for _ in 0..4 {
        for friend in 3..=5 {
            town.review(friend, 9, Outcome::Bad, 5);
        }
    }
    assert_eq!(town.ask(9).word, Word::Mixed);
}

#[test]
fn own_deals_decide() {
    let mut town = Town::default();
    for friend in [1, 2] {
        town.vouch(0, friend, Weight::Close);
        town.review(friend, 9, Outcome::Bad, 5);
    }
    assert_eq!(town.ask(9).word, Word::Mixed);
    town.buy(9, Outcome::Good, 20);
    town.buy(9, Outcome::Good, 2);
    let good = town.ask(9);
    assert_eq!((good.word, good.own_purchases), (Word::Known, 2));
    assert_eq!(texts(&good)[0], "You bought here 2 times, last in 2026-05, all fine");
    assert_eq!(good.reasons[0].kind, Kind::Own);
    assert_eq!(good.reasons.iter().map(|reason| reason.share).sum::<f64>(), 1.0);

    for review in &mut town.reviews {
        review.outcome = Outcome::Good;
    }
    town.own.truncate(1);
    town.own[0].outcome = Outcome::Bad;
    assert_eq!(town.ask(9).word, Word::Mixed, "what friends say does not undo it");
    town.own[0].outcome = Outcome::Neutral;
    assert_eq!(town.ask(9).word, Word::Known, "an own deal that says nothing leaves it to friends");
}

#[test]
fn an_own_review_and_its_order_are_one_deal() {
    let mut town = Town::default();
    town.buy(9, Outcome::Neutral, 3);
    let entry = town.review(0, 9, Outcome::Good, 2);
    town.reviews[0].order = town.own[0].order;
    let answer = town.ask(9);
    assert_eq!((answer.own_purchases, answer.word), (1, Word::Known));
    assert_eq!(answer.reasons[0].proofs, [entry]);
    town.own[0].with = person(8);
    town.reviews.clear();
    assert_eq!((town.ask(9).own_purchases, town.ask(9).reasons.len()), (0, 0));
}

#[test]
fn sellers_speak_of_buyers_too() {
    let mut town = Town::default();
    town.vouch(0, 1, Weight::Friend);
    town.review(1, 8, Outcome::Good, 10);
    town.reviews[0].side = Side::Sold;
    assert_eq!(texts(&town.ask(8)), ["Ana (friend) sold to Lin once, in 2026-05, went well"]);
    town.review(1, 8, Outcome::Bad, 10);
    assert_eq!(texts(&town.ask(8)), ["Ana (friend) traded with Lin 2 times, last in 2026-05, 1 fine, 1 badly"]);
}

#[test]
fn one_person_counts_so_much_and_no_more() {
    let mut town = Town::default();
    town.vouch(0, 1, Weight::Acquaintance);
    for _ in 0..10 {
        town.review(1, 9, Outcome::Good, 0);
        town.review(1, 9, Outcome::Bad, 0);
    }
    assert_eq!((town.ask(9).g, town.ask(9).b), (3.0, 4.5));
    let twice = town.reviews[0];
    town.reviews = vec![twice, Evidence { entry: EntryId([7; 32]), at: Millis(1), ..twice }];
    assert_eq!((town.ask(9).g, town.ask(9).reasons[0].counts.good), (1.0, 1), "an order counts once");
}

#[test]
fn these_bits_are_the_same_on_every_machine() {
    let answer = Town::random(12, &mut Dice::new(185)).ask(11);
    assert!(answer.g > 0.0 && answer.b > 0.0 && answer.reasons.len() == 4, "{answer:?}");
    let pinned = blake3::hash(&bits(&answer).iter().flat_map(|bits| bits.to_le_bytes()).collect::<Vec<u8>>()).to_hex();
    assert_eq!(&pinned[..16], "5127450554f2fcea");
}
