//! The day as a list: chapters of named steps. A new step is a line here and a function in its chapter's file.
//!
//! A step writes through one neighbour's node and comes true only when another neighbour's node tells it back.

mod bargain;
mod evening;
mod market;
mod morning;
mod parcel;
mod spam;
mod word;

use haat_protocol::local::Problem;

use super::cast::Who;
use super::day::Day;

/// The seller's evidence of the bargain, beside the homes.
pub(super) const BARGAIN_EVIDENCE: &str = "bargain-chen.haat";

/// A part of the day.
#[derive(Debug)]
pub(super) struct Chapter {
    /// What it is called.
    pub(super) title: &'static str,
    /// What happens in it.
    pub(super) steps: &'static [Step],
}

/// Something that has to come true.
#[derive(Debug)]
pub(super) struct Step {
    /// Its name in the summary; the only one of that name.
    pub(super) name: &'static str,
    /// Who must live here, else it is left out.
    pub(super) cast: &'static [Who],
    /// Does it and reads it back.
    pub(super) play: fn(&Day<'_>) -> Result<(), Problem>,
}

/// A step for everybody.
const fn step(name: &'static str, play: fn(&Day<'_>) -> Result<(), Problem>) -> Step {
    Step { name, cast: &[], play }
}

/// A step that needs these neighbours.
const fn with(cast: &'static [Who], name: &'static str, play: fn(&Day<'_>) -> Result<(), Problem>) -> Step {
    Step { name, cast, play }
}

/// The day.
pub(super) const STORY: &[Chapter] = &[
    Chapter {
        title: "Morning: doors open 清晨",
        steps: &[
            step("circle-and-first-invite", morning::begins),
            step("neighbours-invite-neighbours", morning::spreads),
            step("everyone-is-in", morning::is_complete),
            step("hello-posts", morning::greets),
        ],
    },
    Chapter {
        title: "Market: shops open 开市",
        steps: &[
            step("catalogue-import", market::imports),
            step("catalogue-import-again", market::imports_again),
            with(&[Who::Rosa, Who::Wang], "second-shop", market::bakes),
        ],
    },
    Chapter {
        title: "Word of mouth 口碑",
        steps: &[
            step("vouch-for-the-seller", word::vouches_for_chen),
            with(&[Who::Rosa, Who::Wang], "vouches-among-friends", word::vouches_among_friends),
            step("recommendation", word::recommends),
            with(&[Who::Rosa, Who::Wang], "recommendation-two-hops", word::spreads),
            with(&[Who::Rosa, Who::Wang], "recommendation-passed-on", word::passes_on),
        ],
    },
    Chapter {
        title: "A bargain, paid in cash 讨价还价",
        steps: &[
            step("bargain-offer", bargain::offers),
            step("bargain-counter-offer", bargain::counters),
            step("bargain-accepted", bargain::accepts),
            step("bargain-ready-for-pickup", bargain::prepares),
            step("bargain-collected", bargain::collects),
            step("bargain-cash-confirmed", bargain::is_paid),
        ],
    },
    Chapter {
        title: "A parcel, paid before 寄一个包裹",
        steps: &[
            step("parcel-ordered", parcel::orders),
            step("parcel-accepted", parcel::accepts),
            step("parcel-paid", parcel::pays),
            step("parcel-payment-confirmed", parcel::confirms),
            step("parcel-shipped", parcel::ships),
            step("parcel-received", parcel::receives),
            step("parcel-completed", parcel::completes),
            step("review-read-by-a-third", parcel::reviews),
            step("review-answered", parcel::answers),
            step("trust-has-grown", parcel::is_trusted),
        ],
    },
    Chapter {
        title: "A stranger shouts 不速之客",
        steps: &[
            step("spam-flood", spam::floods),
            step("spammer-removed", spam::is_removed),
            step("spammer-cannot-read", spam::cannot_read),
            step("spammer-cannot-post", spam::cannot_post),
        ],
    },
    Chapter {
        title: "Evening: the books are right 打烊",
        steps: &[step("evidence-holds", evening::proves), step("logs-verify", evening::checks)],
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_step_has_a_name_of_its_own() {
        let names: Vec<&str> = STORY.iter().flat_map(|c| c.steps).map(|s| s.name).collect();
        assert!(names.len() > 30 && names.iter().all(|n| n.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')), "{names:?}");
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }

    #[test]
    fn the_smallest_town_still_trades() {
        let all = super::super::cast::cast(super::super::cast::NEIGHBOURS_MIN);
        let left = STORY.iter().flat_map(|c| c.steps).filter(|s| s.cast.iter().all(|who| all.contains(who))).count();
        assert!(left > 25, "{left} steps are left");
    }
}
