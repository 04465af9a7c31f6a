//! Invite codes: typos, codes that are used up and codes that are too old.

use std::time::{Duration, Instant};

use haat_protocol::invite::Code;
use haat_tests::daemon::node::told;
use haat_tests::daemon::story::{circle_of, invite, member_names, state_in, until_in_feed};
use haat_tests::daemon::{Town, until_so};

#[test]
fn a_typo_is_found_before_any_network() {
    let town = Town::new();
    let [mut host, mut guest] = [town.node("chen"), town.node("wang")];
    host.up(&[]);
    guest.up(&[]);
    host.ok(&["circle", "create", "Lane 12"]);
    let code = invite(&host, "Lane 12", 1);
    // Nobody is there to ask: only the code itself can tell.
    host.kill9();
    let typed = |at: usize| {
        let mut letters: Vec<char> = code.chars().collect();
        letters[at] = if letters[at].eq_ignore_ascii_case(&'q') { 'p' } else { 'q' };
        letters.into_iter().collect::<String>()
    };
    let last = code.chars().count() - 1;
    for at in [last, last - 1, last / 2, last / 3, 12] {
        let problem = guest.no(&["circle", "join", &typed(at)], &[2]);
        assert_eq!(problem.code, "bad-code", "letter {at}: {}", problem.words());
    }
    for wrong in ["", "haat", "hello", &code[..code.len() - 4], &format!("{code}aa"), "茶茶茶"] {
        guest.no(&["circle", "join", wrong], &[2]);
    }
    assert_eq!(state_in(&guest, "Lane 12"), "", "nothing was begun");

    host.up(&[]);
    // Case does not count, for who reads a code aloud.
    guest.ok(&["circle", "join", &code.to_uppercase()]);
    until_so("the guest joins", || state_in(&guest, "Lane 12") == "joined");
}

#[test]
fn a_code_admits_as_many_as_it_says() {
    let town = Town::new();
    let [mut host, mut first, mut second] = ["chen", "lin", "wang"].map(|name| town.node(name));
    for node in [&mut host, &mut first, &mut second] {
        node.up(&[]);
    }
    host.ok(&["circle", "create", "Lane 12"]);
    let code = invite(&host, "Lane 12", 1);
    first.ok(&["circle", "join", &code]);
    until_so("the first joins", || state_in(&first, "Lane 12") == "joined");
    until_so("the host knows", || member_names(&host, "Lane 12").len() == 2);
    let problem = second.no(&["circle", "join", &code], &[3]);
    assert!(problem.code.starts_with("invite-"), "{}", problem.words());
    assert_ne!(state_in(&second, "Lane 12"), "joined");
    assert_eq!(member_names(&host, "Lane 12").len(), 2);
    second.ok(&["circle", "join", &invite(&host, "Lane 12", 1)]);
    until_so("a new code lets the second in", || state_in(&second, "Lane 12") == "joined");
}

#[test]
fn a_code_grows_old() {
    let town = Town::new();
    let [mut host, mut guest] = [town.node("chen"), town.node("wang")];
    host.up(&[]);
    guest.up(&[]);
    host.ok(&["circle", "create", "Lane 12"]);
    for wrong in ["1ms", "0s", "soon", "-1d"] {
        host.no(&["circle", "invite", "Lane 12", &format!("--expires={wrong}")], &[2]);
    }
    host.no(&["circle", "invite", "Lane 12", "--uses", "0"], &[2]);
    let code = told(&host.ok(&["circle", "invite", "Lane 12", "--expires", "1s"])["code"]);
    let made = Instant::now();
    until_so("a second and a little passes", || made.elapsed() > Duration::from_millis(1500));
    let problem = guest.no(&["circle", "join", &code], &[3]);
    assert_eq!(problem.code, "invite-expired", "{}", problem.words());
    assert_eq!(state_in(&guest, "Lane 12"), "", "nothing was begun");
}

#[test]
fn a_member_lets_in_while_the_inviter_sleeps() {
    let town = Town::new();
    let [mut host, friend] = circle_of(&town, ["chen", "lin"], "Lane 12", &[]);
    let code = || Code::parse(&invite(&host, "Lane 12", 1)).expect("an own code is one");
    until_so("the code names the friend", || !code().others.is_empty());
    let code = code().to_text();
    let mark = told(&host.ok(&["post", "Lane 12", "Let them in while I sleep"])["entry"]);
    until_in_feed(&friend, &mark);
    host.kill9();
    let mut guest = town.node("wang");
    guest.up(&[]);
    guest.ok(&["circle", "join", &code]);
    until_so("the guest joins through the friend", || state_in(&guest, "Lane 12") == "joined");
    assert_eq!(member_names(&friend, "Lane 12").len(), 3);
    host.up(&[]);
    until_so("the inviter learns who came", || member_names(&host, "Lane 12").len() == 3);
    until_in_feed(&guest, &mark);
}
