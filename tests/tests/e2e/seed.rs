//! A seed between people who cannot find or reach each other, and what stands in its place learns.

use haat_protocol::invite::Code;
use haat_tests::daemon::nat::{Internet, PUBLIC};
use haat_tests::daemon::node::told;
use haat_tests::daemon::story::{
    assert_log_whole, invite, member_names, offer, post, state_in, tea_shop, until_in_feed, until_listed, until_may, until_order,
};
use haat_tests::daemon::{Node, Town, text, until_so};

const CIRCLE: &str = "Canary Lane";
const SECRET: &str = "canary-words-that-only-friends-read";

/// A seed that writes down everything it can read.
fn seed_in(town: &Town, place: Vec<String>, listen: &str) -> Node {
    let mut seed = town.node("seed");
    seed.live_in(place);
    seed.seed(&["--listen", listen, "--tape", &text(&town.path("tape"))]);
    seed
}

/// A code that names no member's address: whoever joins by it has nothing but the seed's.
fn blind_code(host: &Node, uses: usize) -> String {
    until_so(&format!("{} keeps a reservation", host.name()), || {
        let listen = host.see(&["status"])["listen"].clone();
        listen.as_array().is_some_and(|all| all.iter().any(|address| told(address).contains("/p2p-circuit")))
    });
    let mut code = Code::parse(&invite(host, CIRCLE, uses)).expect("a code");
    assert_eq!(code.seeds.len(), 1, "the invite carries the seed");
    code.addresses.clear();
    code.others.clear();
    code.to_text()
}

fn join(guest: &Node, code: &str) {
    guest.ok(&["circle", "join", code]);
    until_so(&format!("{} joins", guest.name()), || state_in(guest, CIRCLE) == "joined");
}

fn all_know(nodes: &[&Node]) {
    for node in nodes {
        until_so(&format!("{} knows all members", node.name()), || member_names(node, CIRCLE).len() == nodes.len());
    }
}

/// An order from the first word to the money, with something that happens in the middle of it.
fn trade(seller: &Node, buyer: &Node, in_the_middle: impl FnOnce()) {
    let tea = tea_shop(seller, CIRCLE);
    until_listed(buyer, &tea);
    let order = offer(buyer, seller, &tea, &["--delivery", "pickup", "--pay", "on-delivery", "--method", "cash", "--note", SECRET]);
    seller.ok(&["order", "accept", &order]);
    until_order(buyer, &order, "agreed");
    in_the_middle();
    until_may(seller, &order, "start");
    seller.ok(&["order", "start", &order]);
    seller.ok(&["order", "ready", &order]);
    until_may(buyer, &order, "receive");
    buyer.ok(&["order", "receive", &order]);
    until_order(seller, &order, "delivered");
    seller.ok(&["order", "confirm-payment", &order]);
    until_order(buyer, &order, "completed");
}

/// What the seed could read names no circle, no topic and nothing that was said.
fn assert_blind(town: &Town, members: &[&Node], circuits: bool) {
    let tape = std::fs::read(town.path("tape")).expect("the seed kept a tape");
    let has = |part: &[u8]| tape.windows(part.len()).any(|window| window == part);
    assert!(has(b"/haat/meet/0"), "the tape holds what the seed reads");
    assert!(!circuits || has(b"/libp2p/circuit/relay/0.2.0/hop"), "circuits went through it");
    let shown = members[0].see(&["circle", "show", CIRCLE]);
    let mut secrets = vec![CIRCLE.to_owned(), SECRET.to_owned(), "Green tea".to_owned(), "North gate".to_owned(), told(&shown["circle"])];
    secrets.extend(members.iter().flat_map(|node| [node.name().to_owned(), node.identity()]));
    for secret in &secrets {
        assert!(!has(secret.as_bytes()), "the seed read {secret:?}");
        let raw: Option<Vec<u8>> =
            secret.as_bytes().chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok()).collect();
        assert!(raw.is_none_or(|raw| !has(&raw)), "the seed read the id {secret}");
    }
    // Inside multistream a protocol that is spoken stands on a line of its own; identify only lists names.
    for version in ["1.0.0", "1.1.0", "1.2.0", "1.3.0"] {
        assert!(!has(format!("/meshsub/{version}\n").as_bytes()), "nobody spoke gossip with the seed: no topic was announced");
    }
}

#[test]
fn three_who_know_only_a_seed_trade_and_outlive_it() {
    let town = Town::new();
    let mut seed = seed_in(&town, Vec::new(), "/ip4/127.0.0.1/tcp/0");
    let [mut chen, mut lin, mut wang] = ["chen-canary", "lin-canary", "wang-canary"].map(|name| town.node(name));
    chen.up(&["--seed-peer", &seed.address()]);
    chen.ok(&["circle", "create", CIRCLE]);
    let code = blind_code(&chen, 2);
    for node in [&mut lin, &mut wang] {
        node.up(&[]);
        join(node, &code);
    }
    all_know(&[&chen, &lin, &wang]);
    let status = seed.see(&["status"]);
    assert!(status["seed"]["registrations"].as_u64() >= Some(1) && status["seed"]["reservations"].as_u64() >= Some(1), "{status}");
    until_in_feed(&wang, &post(&lin, CIRCLE, SECRET));
    trade(&chen, &wang, || seed.kill9());
    let last = post(&lin, CIRCLE, "without a seed");
    for node in [&chen, &wang] {
        until_in_feed(node, &last);
    }
    // Even who starts again finds the others: their addresses are known by now.
    lin.stop();
    lin.up(&[]);
    until_in_feed(&lin, &post(&wang, CIRCLE, "still without a seed"));
    for node in [&chen, &lin, &wang] {
        assert_log_whole(node);
    }
    assert_blind(&town, &[&chen, &lin, &wang], true);
}

#[test]
fn a_newcomer_finds_a_member_at_the_seed_while_the_inviter_sleeps() {
    let town = Town::new();
    let seed = seed_in(&town, Vec::new(), "/ip4/127.0.0.1/tcp/0");
    let [mut chen, mut lin, mut wang] = ["chen-canary", "lin-canary", "wang-canary"].map(|name| town.node(name));
    chen.up(&["--seed-peer", &seed.address()]);
    chen.ok(&["circle", "create", CIRCLE]);
    let code = blind_code(&chen, 2);
    lin.up(&[]);
    join(&lin, &code);
    all_know(&[&chen, &lin]);
    chen.stop();
    wang.up(&[]);
    join(&wang, &code);
    until_in_feed(&lin, &post(&wang, CIRCLE, SECRET));
    chen.up(&[]);
    all_know(&[&chen, &lin, &wang]);
    assert_blind(&town, &[&chen, &lin, &wang], true);
}

#[test]
fn two_homes_behind_routers_meet_through_a_seed() {
    let town = Town::new();
    let mut net = match Internet::new() {
        Ok(net) => net,
        Err(why) => return println!("SKIPPED: no network of its own can be made here ({why}); counts as not shown"),
    };
    let homes = net.home(1).and_then(|one| Ok([one, net.home(2)?]));
    let [here, there] = homes.expect("two homes behind routers");
    let mut seed = seed_in(&town, net.street(), &format!("/ip4/{PUBLIC}/tcp/0"));
    let [mut chen, mut wang] = ["chen-canary", "wang-canary"].map(|name| town.node(name));
    chen.live_in(here);
    wang.live_in(there);
    chen.up(&["--listen", "/ip4/192.168.1.2/tcp/0", "--seed-peer", &seed.address()]);
    chen.ok(&["circle", "create", CIRCLE]);
    let code = blind_code(&chen, 1);
    wang.up(&["--listen", "/ip4/192.168.2.2/tcp/0"]);
    join(&wang, &code);
    all_know(&[&chen, &wang]);
    until_in_feed(&wang, &post(&chen, CIRCLE, SECRET));
    until_in_feed(&chen, &post(&wang, CIRCLE, SECRET));
    // Both routers let in what answers: the two reach each other directly, and give the circuit back.
    let circuits = |seed: &Node| seed.see(&["status"])["seed"]["circuits"].as_u64();
    until_so("the circuit is given back", || circuits(&seed) == Some(0));
    trade(&chen, &wang, || seed.kill9());
    until_in_feed(&wang, &post(&chen, CIRCLE, "without a seed"));
    assert_blind(&town, &[&chen, &wang], true);
}

#[test]
fn a_seed_is_no_node_and_a_node_is_no_seed() {
    let town = Town::new();
    let mut seed = town.node("seed");
    seed.seed(&["--listen", "/ip4/127.0.0.1/tcp/0", "--external-addr", "/ip4/203.0.113.9/tcp/4001"]);
    let status = seed.ok(&["status"]);
    let hand_out = format!("/ip4/203.0.113.9/tcp/4001/p2p/{}", told(&seed.ready()["peer"]));
    assert_eq!(status["seed"]["hand_out"], serde_json::json!([hand_out]));
    assert_eq!(status["reachability"], "public");
    assert_eq!(seed.no(&["circle", "create", CIRCLE], &[3]).code, "a-seed");
    let address = seed.address();
    seed.ok(&["down"]);
    seed.gone();
    seed.seed(&["--listen", "/ip4/127.0.0.1/tcp/0"]);
    assert_eq!(seed.address(), address, "keys and port are kept");
    seed.stop();
    assert_eq!(seed.no(&["up", "--listen", "/ip4/127.0.0.1/tcp/0"], &[3]).code, "a-seed");
    assert_eq!(seed.no(&["seed", "--external-addr", "nonsense"], &[2]).code, "bad-listen");

    let mut chen = town.node("chen");
    chen.up(&[]);
    chen.stop();
    assert_eq!(chen.no(&["seed", "--listen", "/ip4/127.0.0.1/tcp/0"], &[3]).code, "not-a-seed");
}
