//! Whom this node has reached by dialling: it finds them again, and tells newcomers where, although no record of theirs is held.

use super::super::work::Work;
use super::*;

const ADDRESS: &str = "/ip4/192.168.1.7/tcp/4001";

/// What is said to the network meanwhile is of no interest here.
fn quietly(node: &mut Node, act: impl FnOnce(&mut Work<'_, '_>)) {
    node.work(|work| {
        act(work);
        work.out.clear();
    });
}

fn meets(node: &mut Node, device: DeviceId, outgoing: bool) {
    quietly(node, |work| work.net(NetEvent::Connected { device, address: ADDRESS.into(), outgoing }));
}

fn code(node: &mut Node) -> Code {
    let answer = node.work(|work| work.circle_invite(CIRCLE, None, None)).expect("invites");
    Code::parse(answer["code"].as_str().expect("a code")).expect("a code")
}

/// A newcomer who dialled, or was dialled by, who lets in; the code had expired by its clock when the welcome came. Says how many
/// peers it remembers.
fn welcomed_late(outgoing: bool) -> usize {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    bob.now = ana.now;
    let code = code(&mut ana);
    bob.work(|work| work.circle_join(1, &code.to_text())).expect("asks");
    let (inviter, device, asked) = (ana.device(), bob.device(), request(&bob, &code));
    meets(&mut bob, inviter, outgoing);
    let answer = ana.work(|work| work.join_request(device, asked));
    bob.now = code.expires.plus(DAY_MS);
    quietly(&mut bob, |work| work.tick());
    quietly(&mut bob, |work| work.join_answered(space, inviter, answer));
    assert!(has(&bob, Table::Space, EntryId(space.0)), "welcomed");
    rows(&bob, Table::Peer)
}

#[test]
fn who_lets_in_is_found_again_although_the_code_has_expired() {
    assert_eq!(welcomed_late(true), 1);
    assert_eq!(welcomed_late(false), 0, "where a connection comes from cannot be dialled");
}

#[test]
fn a_code_names_members_who_were_reached_without_a_record() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    assert_eq!(code(&mut ana).others, [], "nobody knows where bob is");
    meets(&mut ana, bob.device(), false);
    assert_eq!(code(&mut ana).others, []);
    meets(&mut ana, bob.device(), true);
    let named: Vec<_> = code(&mut ana).others.into_iter().map(|contact| (contact.device, contact.addresses)).collect();
    assert_eq!(named, [(bob.device(), vec![ADDRESS.to_owned()])]);
    quietly(&mut ana, |work| work.net(NetEvent::Disconnected { device: bob.device() }));
    assert_eq!(code(&mut ana).others, []);
}
