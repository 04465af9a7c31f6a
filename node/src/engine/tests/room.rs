//! How many circles fit into one node, by whatever door they come.

use super::*;
use crate::fact::Fact;

/// A node that asks to be let into `count` circles.
fn asking(count: usize) -> Node {
    let mut node = node(2);
    node.work(|work| {
        for number in 0..count {
            let mut space = [7; 32];
            space[..8].copy_from_slice(&(number as u64).to_be_bytes());
            intake::fact(&mut work.cx(), &Fact::JoinAsked { space: SpaceId(space), code: String::new() });
        }
    });
    node
}

#[test]
fn one_circle_more_than_fits_is_refused_by_both_doors() {
    let (mut bob, _) = founded();
    let code = |bob: &mut Node| {
        bob.work(|work| work.circle_invite(CIRCLE, None, None)).expect("invites")["code"].as_str().expect("a code").to_owned()
    };
    let (first, second) = (code(&mut bob), code(&mut bob));
    let mut ana = asking(CIRCLES_MAX - 2);
    ana.now = bob.now;
    ana.work(|work| work.circle_create("One", None)).expect("the last but one");
    ana.work(|work| work.circle_join(1, &first)).expect("the last");
    ana.work(|work| work.circle_join(2, &second)).expect("it is asked for already");
    let refused = [ana.work(|work| work.circle_create("Two", None)).expect_err("full"), {
        let mut cy = node(3);
        cy.now = bob.now;
        let other = cy.work(|work| work.circle_create("Far", None)).map(|_| cy.work(|work| work.circle_invite("Far", None, None)));
        let other = other.expect("begins").expect("invites")["code"].as_str().expect("a code").to_owned();
        ana.work(|work| work.circle_join(3, &other)).expect_err("full")
    }];
    assert_eq!(refused.map(|problem| problem.code), ["too-many-circles", "too-many-circles"]);
    ana.work(|work| work.circle_leave("One")).expect("leaves");
    ana.work(|work| work.circle_create("Two", None)).expect("there is room again");
}
