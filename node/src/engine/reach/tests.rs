//! Engines that use a real board, without a network in between.

use haat_protocol::invite::Code;
use haat_protocol::local::Command;
use haat_protocol::meet::Board;
use serde_json::Value;

use super::*;
use crate::engine::trade::tests::kit;
use crate::engine::{Conduct, Effect, Engine, Input};
use crate::entropy::Seeded;
use crate::net::NetEvent;
use crate::store::memory::MemoryStore;

const SEED: DeviceId = DeviceId([9; 32]);

struct Person {
    engine: Engine<MemoryStore>,
    now: Millis,
    wishes: Vec<NetCommand>,
}

impl Person {
    fn new(number: u8) -> Self {
        let me = kit::Node::new(number).me;
        let engine = Engine::new(MemoryStore::default(), me, Box::new(Seeded::new(3, u64::from(number))), Conduct { gossip: false });
        let mut person = Self { engine, now: kit::START, wishes: Vec::new() };
        person.tell(Input::Tick);
        person
    }

    fn tell(&mut self, input: Input) -> Option<Value> {
        self.now = self.now.plus(1);
        let mut answer = None;
        for effect in self.engine.step(self.now, vec![input]) {
            match effect {
                Effect::Net(command) => self.wishes.push(command),
                Effect::Answer(_, result) => answer = Some(result.expect("done")),
                Effect::Happened(_) => {}
            }
        }
        answer
    }

    fn command(&mut self, command: Command) -> Option<Value> {
        self.tell(Input::Command(1, command))
    }

    fn names_seed(&mut self) {
        self.command(Command::PeerAdd { address: seed_address() });
        self.tell(Input::Net(NetEvent::Connected { device: SEED, address: String::new(), outgoing: true }));
    }

    /// Lets time pass and the seed answer until neither has anything to say; how often the seed was asked.
    fn talk(&mut self, board: &mut Board) -> usize {
        let mut asked = 0;
        loop {
            self.tell(Input::Tick);
            let wishes = std::mem::take(&mut self.wishes);
            let (questions, others): (Vec<_>, Vec<_>) =
                wishes.into_iter().partition(|wish| matches!(wish, NetCommand::Request { device: SEED, channel: Channel::Meet, .. }));
            self.wishes = others;
            if questions.is_empty() {
                return asked;
            }
            for question in questions {
                let NetCommand::Request { id, data, .. } = question else { unreachable!("only questions") };
                asked += 1;
                let answer = board.asked(self.engine.me().device(), &data, self.now);
                self.tell(Input::Net(NetEvent::Response { id, device: SEED, data: answer.to_bytes() }));
            }
        }
    }

    fn dials(&mut self, device: DeviceId) -> Option<Vec<String>> {
        let mut dials = std::mem::take(&mut self.wishes).into_iter().filter_map(|wish| match wish {
            NetCommand::Dial { device: Some(whom), addresses } if whom == device => Some(addresses),
            _ => None,
        });
        dials.next_back()
    }

    fn invites(&mut self) -> Code {
        let answer = self.command(Command::CircleInvite { circle: "Lane".into(), uses: None, expires_ms: None }).expect("answered");
        Code::parse(answer["code"].as_str().expect("a code")).expect("a code")
    }
}

fn seed_address() -> String {
    format!("/ip4/203.0.113.9/tcp/4001/p2p/{}", peer_text(&SEED))
}

fn founder() -> (Person, Board) {
    let (mut ana, mut board) = (Person::new(1), Board::default());
    ana.command(Command::CircleCreate { name: "Lane".into(), norms: None });
    ana.names_seed();
    ana.talk(&mut board);
    (ana, board)
}

#[test]
fn a_seed_that_answers_is_posted_to_reserved_at_and_named_in_codes() {
    let (mut ana, mut board) = founder();
    assert_eq!(board.tally(ana.now).places, 1, "one circle");
    let wanted = NetCommand::Listen { address: circuit(&seed_address()).expect("short") };
    assert_eq!(ana.wishes.iter().filter(|wish| **wish == wanted).count(), 1);
    assert_eq!(ana.engine.presence().seeds, BTreeSet::from([seed_address()]));
    assert_eq!(ana.invites().seeds, [seed_address()]);
    ana.talk(&mut board);
    assert_eq!(board.tally(ana.now).places, 2, "and an open invite");
    assert_eq!(ana.talk(&mut board), 0, "nothing is said twice");
}

#[test]
fn a_peer_that_is_no_seed_is_left_alone() {
    let mut ana = Person::new(1);
    ana.command(Command::CircleCreate { name: "Lane".into(), norms: None });
    ana.names_seed();
    ana.tell(Input::Tick);
    let is_question = |wish: &&NetCommand| matches!(wish, NetCommand::Request { channel: Channel::Meet, .. });
    let Some(NetCommand::Request { id, .. }) = ana.wishes.iter().find(is_question).cloned() else { panic!("it is asked once") };
    ana.wishes.clear();
    ana.tell(Input::Net(NetEvent::Failed { id, device: SEED, reason: "the other side does not speak this protocol".into() }));
    for _ in 0..20 {
        ana.tell(Input::Tick);
    }
    assert!(!ana.wishes.iter().any(|wish| is_question(&wish) || matches!(wish, NetCommand::Listen { .. })));
    assert!(ana.invites().seeds.is_empty() && ana.engine.presence().seeds.is_empty());
}

#[test]
fn a_newcomer_finds_a_member_at_the_seed_and_dials_through_it() {
    let (mut ana, mut board) = founder();
    let mut code = ana.invites();
    ana.talk(&mut board);
    code.addresses.clear();
    let mut ben = Person::new(2);
    ben.command(Command::CircleJoin { code: code.to_text() });
    assert!(ben.wishes.iter().any(|wish| matches!(wish, NetCommand::Dial { device: Some(SEED), .. })), "the seed of the code is dialled");
    ben.tell(Input::Net(NetEvent::Connected { device: SEED, address: String::new(), outgoing: true }));
    ben.wishes.clear();
    ben.talk(&mut board);
    let through = circuit(&seed_address()).expect("short");
    assert_eq!(ben.dials(ana.engine.me().device()), Some(vec![through]));
    assert_eq!(ben.engine.presence().seeds, BTreeSet::from([seed_address()]), "it is remembered as a seed");
}

#[test]
fn a_reservation_that_ends_is_asked_for_again_after_a_pause() {
    let (mut ana, mut board) = founder();
    let address = circuit(&seed_address()).expect("short");
    ana.wishes.clear();
    ana.tell(Input::Net(NetEvent::ListenFailed { address: address.clone(), reason: "over".into() }));
    ana.talk(&mut board);
    assert!(!ana.wishes.contains(&NetCommand::Listen { address: address.clone() }), "not at once");
    ana.now = ana.now.plus(RESERVE_AGAIN_MS);
    ana.talk(&mut board);
    assert!(ana.wishes.contains(&NetCommand::Listen { address }));
}

#[test]
fn what_a_seed_makes_up_is_not_followed() {
    let (mut ana, mut board) = founder();
    let stranger = kit::Node::new(7).me;
    let claim = Claim::Addresses(vec!["/ip4/198.51.100.7/tcp/1".into()]);
    let record = Record { device: stranger.device(), claim, issued: ana.now, expires: ana.now.plus(MEET_LIFE_MS) }.sign(&stranger.pair);
    ana.now = ana.now.plus(MEET_EVERY_MS);
    ana.wishes.clear();
    ana.tell(Input::Tick);
    for place in (0..8).map(|n| Place([n; 16])) {
        let found = MeetResponse::Found(vec![Found { place, records: vec![record.clone()] }]);
        ana.tell(Input::Net(NetEvent::Response { id: 1, device: SEED, data: found.to_bytes() }));
    }
    ana.talk(&mut board);
    assert_eq!(ana.dials(stranger.device()), None, "a place nobody asked about, and no member");
}
