//! A seed as a person runs it.

use haat_tests::daemon::Town;
use haat_tests::daemon::node::told;

const CIRCLE: &str = "Lane 12";

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
