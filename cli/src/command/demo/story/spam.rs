//! A stranger shouts, is removed, and is out: shown by what the removed node itself can and cannot do.

use std::time::Duration;

use haat_protocol::local::{CircleRow, CircleView, Command, Page, Problem, ProblemKind, Question};

use crate::command::demo::cast::Who;
use crate::command::demo::day::{CIRCLE, Day, failed};
use crate::command::demo::street;

/// How long the removed node is given to get what it must not get.
const LISTEN_FOR: Duration = Duration::from_millis(1_500);

/// Shouts, and the lane hears it.
pub(super) fn floods(day: &Day<'_>) -> Result<(), Problem> {
    let mut said = Vec::new();
    for words in street::FLOOD {
        said.push((day.posts(Who::Cheap, words)?, *words));
    }
    for reader in day.all_but(&[Who::Cheap]) {
        for (entry, words) in &said {
            day.reads(reader, entry, words)?;
        }
    }
    day.teller.means(&format!("{} shouts reach everybody: a member may speak until members say otherwise.", said.len()));
    Ok(())
}

/// Uncle Chen removes the shouter; the others and the removed node learn it.
pub(super) fn is_removed(day: &Day<'_>) -> Result<(), Problem> {
    let circle = day.recall(CIRCLE)?;
    let before: CircleView = day.asks(Who::Chen, &Question::Circle { circle: circle.clone() })?;
    day.does(Who::Chen, &Command::CircleRemove { circle: circle.clone(), person: day.identity(Who::Cheap)? })?;
    day.teller.does(Who::Chen.name(), &format!("removes {}. “够了。Enough.”", Who::Cheap.name()));
    for reader in day.all_but(&[Who::Cheap]) {
        let question = Question::Circle { circle: circle.clone() };
        day.until(reader, "the removal and the new keys", &question, |view: &CircleView| {
            view.epoch > before.epoch && view.members.iter().all(|member| member.name != Who::Cheap.name())
        })?;
    }
    day.until(Who::Cheap, "its own removal", &Question::Circles, |page: &Page<CircleRow>| {
        page.items.iter().any(|row| row.circle.to_string() == circle && row.state == "removed")
    })?;
    day.teller.sees(Who::Cheap.name(), "finds the circle marked “removed”.");
    day.teller.means("The others share new keys now, sealed to each of them and not to the removed.");
    Ok(())
}

/// What is said afterwards reaches all members and not the removed.
pub(super) fn cannot_read(day: &Day<'_>) -> Result<(), Problem> {
    let words = day.pick(street::AFTERWARDS);
    let entry = day.posts(Who::Chen, words)?;
    let readers = day.all_but(&[Who::Chen, Who::Cheap]);
    for reader in &readers {
        day.reads(*reader, &entry, words)?;
    }
    day.rests(LISTEN_FOR)?;
    if day.feed(Who::Cheap)?.iter().any(|item| item.entry.to_string() == entry || item.text == words) {
        return Err(failed("the removed still reads", words));
    }
    let count = readers.len();
    day.teller.sees(Who::Cheap.name(), &format!("has nothing of it, {count} others have."));
    Ok(())
}

/// The removed cannot speak either, and is told so.
pub(super) fn cannot_post(day: &Day<'_>) -> Result<(), Problem> {
    let circle = day.recall(CIRCLE)?;
    let post = Command::Post { circle, text: street::TOO_LATE.to_owned(), listings: Vec::new(), reply_to: None };
    let problem = match day.does(Who::Cheap, &post) {
        Err(problem) if problem.kind == ProblemKind::Refused => problem,
        Err(problem) => return Err(problem),
        Ok(_) => return Err(failed("the removed still speaks", street::TOO_LATE)),
    };
    day.teller.does(Who::Cheap.name(), &format!("tries “{}” and is refused: {} ({}).", street::TOO_LATE, problem.title, problem.code));
    for reader in day.all_but(&[Who::Cheap]) {
        if day.feed(reader)?.iter().any(|item| item.text == street::TOO_LATE) {
            return Err(failed(&format!("{} hears the removed", reader.name()), street::TOO_LATE));
        }
    }
    Ok(())
}
