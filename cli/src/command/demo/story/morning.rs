//! Morning: a circle begins, neighbours invite neighbours, everybody says hello. Nobody is added by the storyteller.

use haat_protocol::local::{CircleRow, CircleView, Command, Page, Problem, Question};

use crate::command::demo::cast::Who;
use crate::command::demo::day::{CIRCLE, Day};
use crate::command::demo::street::{self, LANE};
use crate::context::field;

/// Uncle Chen begins the circle; Mei comes in by his invite.
pub(super) fn begins(day: &Day<'_>) -> Result<(), Problem> {
    let made = day.does(Who::Chen, &Command::CircleCreate { name: LANE.to_owned(), norms: None })?;
    day.remember(CIRCLE, field(&made, "circle"));
    day.teller.does(Who::Chen.name(), &format!("begins the circle “{LANE}”."));
    comes_in(day, Who::Chen, &[Who::Mei])?;
    day.teller.means("Invites are one-use keys; whoever joins is in a list that every member checks for themselves.");
    Ok(())
}

/// Each newcomer invites the next.
pub(super) fn spreads(day: &Day<'_>) -> Result<(), Problem> {
    let mut inviter = Who::Mei;
    for guest in [Who::Rosa, Who::Wang, Who::Cheap] {
        if day.has(guest) {
            comes_in(day, inviter, &[guest])?;
            inviter = guest;
        }
    }
    let more: Vec<Who> = day.all_but(&[Who::Chen, Who::Mei, Who::Rosa, Who::Wang, Who::Cheap]);
    if !more.is_empty() {
        comes_in(day, Who::Chen, &more)?;
    }
    Ok(())
}

/// One invite for all of them; each joins, and the inviter's node lists them.
fn comes_in(day: &Day<'_>, inviter: Who, guests: &[Who]) -> Result<(), Problem> {
    let circle = day.recall(CIRCLE)?;
    let uses = u64::try_from(guests.len()).ok();
    let invite = day.does(inviter, &Command::CircleInvite { circle: circle.clone(), uses, expires_ms: None })?;
    for guest in guests {
        day.does(*guest, &Command::CircleJoin { code: field(&invite, "code").to_owned() })?;
        day.until(*guest, "the circle that was joined", &Question::Circles, |page: &Page<CircleRow>| {
            page.items.iter().any(|row| row.circle.to_string() == circle && row.state == "joined")
        })?;
        day.until(
            inviter,
            &format!("{} in the circle", guest.name()),
            &Question::Circle { circle: circle.clone() },
            |view: &CircleView| view.members.iter().any(|member| member.name == guest.name()),
        )?;
        day.teller.does(inviter.name(), &format!("invites {}, who is in.", guest.name()));
    }
    Ok(())
}

/// Every node lists every member.
pub(super) fn is_complete(day: &Day<'_>) -> Result<(), Problem> {
    let all = day.all_but(&[]);
    for who in &all {
        let question = Question::Circle { circle: day.recall(CIRCLE)? };
        day.until(*who, "all members", &question, |view: &CircleView| {
            view.members.len() == all.len() && all.iter().all(|other| view.members.iter().any(|m| m.name == other.name()))
        })?;
    }
    day.teller.means(&format!("All {} nodes list the same {} members, and no server was asked.", all.len(), all.len()));
    Ok(())
}

/// Everybody says hello, and everybody else reads it.
pub(super) fn greets(day: &Day<'_>) -> Result<(), Problem> {
    let mut said = Vec::new();
    for who in day.all_but(&[]) {
        let words = day.pick(street::hello(who));
        said.push((who, day.posts(who, words)?, words));
    }
    for (author, entry, words) in &said {
        for reader in day.all_but(&[*author]) {
            day.reads(reader, entry, words)?;
        }
    }
    day.teller.means(&format!("{} posts, each read on all {} other nodes.", said.len(), said.len() - 1));
    Ok(())
}
