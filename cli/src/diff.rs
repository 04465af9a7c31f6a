//! What changes, field by field, drawn the same way wherever a change is shown: import, edit, undo and watch.

use haat_protocol::local::ImportChange;

use crate::{table, text};

/// Characters of one side of a change: more is not read at a glance.
const SIDE_MAX_CHARS: usize = 40;

/// The changes as a table; nothing when there are none.
pub(crate) fn drawn(changes: Vec<ImportChange>) -> String {
    let side = |words: &str| text::shortened(&text::one_line(words), SIDE_MAX_CHARS);
    let rows = changes.into_iter().map(|c| [c.title, c.field, side(&c.before), side(&c.after)]);
    table::table(["listing", "field", "before", "after"], rows.collect(), "")
}

/// A sentence, and the changes below it.
pub(crate) fn under(sentence: String, changes: Vec<ImportChange>) -> String {
    if changes.is_empty() { sentence } else { format!("{sentence}\n{}", drawn(changes)) }
}
