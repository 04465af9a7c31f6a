//! Norms in a roster: how they follow each other, and who waits where they ask for approval.

use haat_protocol::norms::{Norms, Role};

use super::{owners, tell};
use crate::sheet::Sheet;
use crate::story::Story;

pub(super) fn all(sheet: &mut Sheet) {
    norms(sheet);
    requests(sheet);
}

fn changed(version: u64, posts_per_day: u64) -> Norms {
    Norms { version, posts_per_day, ..Norms::default() }
}

fn norms(sheet: &mut Sheet) {
    let mut story = owners(2);
    let met = story.last();
    story.norms(1, &[], changed(1, 7));
    story.norms(2, &[met], changed(1, 8));
    tell(sheet, "norms at once", "of two of one version those of the lower id", &story);
    let mut story = owners(2);
    let met = story.last();
    story.norms(1, &[], changed(2, 7));
    story.norms(1, &[], changed(0, 7));
    story.norms(2, &[met], changed(1, 8));
    story.wait(5_000);
    story.norms(2, &[], changed(2, 9));
    story.norms(1, &[story.last()], changed(1, 1));
    tell(sheet, "norms one by one", "no version is left out, and none comes back", &story);
    let mut story = Story::of(2);
    story.norms(2, &[story.last()], changed(1, 7));
    tell(sheet, "norms by a member", "only owners and stewards change them", &story);
    let mut story = Story::of(3);
    story.role(1, &[], 2, Role::Steward);
    let met = story.last();
    story.wait(60_000);
    story.norms(2, &[met], Norms { invite: Role::Steward, ..changed(1, 200) });
    let strict = story.last();
    story.invite(3, &[strict], 1);
    story.invite(2, &[], 1);
    tell(sheet, "invites of stewards", "who has a lesser role invites nobody", &story);
}

fn requests(sheet: &mut Sheet) {
    let strict = || Norms { approval: true, ..Norms::default() };
    let base = || {
        let mut story = Story::begin(strict());
        let invite = story.invite(1, &[], 5);
        story.add(1, &[], 2, invite);
        story.add(1, &[], 3, invite);
        (story, invite)
    };
    let (mut story, invite) = base();
    let met = story.last();
    story.add(2, &[met], 4, invite);
    tell(sheet, "add without approval", "a member lets nobody in where it needs approval", &story);
    let mut story = Story::begin(strict());
    let invite = story.invite(1, &[], 2);
    story.add(1, &[], 2, invite);
    let met = story.last();
    story.add(2, &[met], 3, invite);
    story.add(1, &[story.last()], 4, invite);
    tell(sheet, "add without approval, then one with", "what does not count takes no place of the invite", &story);
    let (mut story, invite) = base();
    let met = story.last();
    story.request(2, &[met], 4, invite);
    story.request(3, &[met], 4, invite);
    story.request(2, &[], 5, invite);
    tell(sheet, "asked", "of two requests for one person the earlier waits", &story);
    let asked = story.last();
    story.add(1, &[asked], 4, invite);
    tell(sheet, "approved", "the add takes the request away", &story);
    story.decline(1, 5, Some("not now"));
    let over = story.last();
    story.request(3, &[over], 5, invite);
    story.decline(2, 4, None);
    tell(sheet, "declined", "by the same invite nobody asks again for that person", &story);
    let another = story.invite(2, &[over], 1);
    story.request(2, &[], 5, another);
    tell(sheet, "asked by another invite", "which was not declined", &story);
    let (mut story, invite) = base();
    let met = story.last();
    story.request(2, &[met], 5, invite);
    story.decline(2, 5, None);
    story.decline(1, 6, Some("nobody asked"));
    story.revoke(1, &[], invite);
    story.request(3, &[story.last()], 6, invite);
    tell(sheet, "asked in vain", "a member declines nothing, and a revoked invite asks for nobody", &story);
}
