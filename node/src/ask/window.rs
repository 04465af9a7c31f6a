//! Pages of lists: rows in the order of their keys, from the one after a cursor on. A cursor is the key of the last row that was given, so
//! rows that come or go meanwhile neither repeat nor hide others.

use data_encoding::BASE64URL_NOPAD;
use haat_protocol::limits::LIST_PAGE_ITEMS_MAX;
use haat_protocol::local::{Page, Problem, Window};
use serde::Serialize;
use serde_json::Value;

use super::json;

/// Bytes at the beginning of a cursor that tell one list from another.
const MARK_BYTES: usize = 4;

/// The page of a list that a window shows. `list` names the list and what it was narrowed to: a cursor of another one is refused. Rows are
/// made only of what is on the page.
///
/// # Errors
/// The cursor does not come from a page of this list.
pub(super) fn page<K, T: Serialize>(
    list: &str,
    window: &Window,
    mut keyed: Vec<(Vec<u8>, K)>,
    row: impl Fn(K) -> Option<T>,
) -> Result<Value, Problem> {
    let mark = mark(list);
    let after = window.after.as_deref().map(|cursor| position(cursor, &mark)).transpose()?;
    let limit = window.limit.unwrap_or(LIST_PAGE_ITEMS_MAX).clamp(1, LIST_PAGE_ITEMS_MAX);
    keyed.sort_by(|a, b| a.0.cmp(&b.0));
    let begin = after.map_or(0, |after| keyed.partition_point(|(key, _)| *key <= after));
    let rest = keyed.len() - begin;
    // Rows that no key tells apart stay together.
    let is_same = |end: &usize| keyed[begin + end - 1].0 == keyed[begin + end].0;
    let size = (limit.min(rest)..rest).find(|end| !is_same(end)).unwrap_or(rest);
    let next = (size < rest).then(|| BASE64URL_NOPAD.encode(&[&mark, keyed[begin + size - 1].0.as_slice()].concat()));
    let items: Vec<T> = keyed.into_iter().skip(begin).take(size).filter_map(|(_, key)| row(key)).collect();
    json(&Page { items, next })
}

/// Puts what is greater first in the order of keys.
pub(super) const fn falling(number: u64) -> [u8; 8] {
    (u64::MAX - number).to_be_bytes()
}

fn mark(list: &str) -> [u8; MARK_BYTES] {
    let hash = blake3::hash(list.as_bytes());
    let mut mark = [0; MARK_BYTES];
    mark.copy_from_slice(&hash.as_bytes()[..MARK_BYTES]);
    mark
}

/// The key that a cursor stands for.
fn position(cursor: &str, mark: &[u8]) -> Result<Vec<u8>, Problem> {
    let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).ok();
    bytes.as_deref().and_then(|bytes| bytes.strip_prefix(mark)).map(<[u8]>::to_vec).ok_or_else(|| bad_cursor(cursor))
}

/// The cursor is not one of this list.
pub(super) fn bad_cursor(cursor: &str) -> Problem {
    let shown: String = cursor.chars().take(32).collect();
    Problem::usage("bad-cursor", "the cursor is not one of this list", format!("{shown:?} does not come from a page of this list"))
        .hint("give the `next` of the page before, with the same words beside it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(keys: &[&str], limit: usize, after: Option<String>) -> (Vec<String>, Option<String>) {
        let keyed = keys.iter().map(|key| (key.as_bytes().to_vec(), (*key).to_owned())).collect();
        let value = page("letters", &Window { limit: Some(limit), after }, keyed, Some).expect("a page");
        let page: Page<String> = serde_json::from_value(value).expect("a page");
        (page.items, page.next)
    }

    #[test]
    fn pages_follow_each_other_whatever_comes_or_goes() {
        let (first, next) = ask(&["d", "b", "a", "c"], 2, None);
        assert_eq!(first, ["a", "b"]);
        assert_eq!(ask(&["a", "aa", "c", "bb", "d"], 2, next.clone()).0, ["bb", "c"], "b is gone, aa is too late");
        let (last, end) = ask(&["a", "b", "c", "d"], 2, next.clone());
        assert_eq!((last, end), (vec!["c".to_owned(), "d".to_owned()], None));
        assert_eq!(ask(&["a"], 2, next), (vec![], None));
        assert_eq!(ask(&["a", "b"], 0, None).0, ["a"], "a page has a row at least");
        assert_eq!(ask(&["a", "a", "a", "b"], 1, None).0.len(), 3, "what no key tells apart stays together");
    }

    #[test]
    fn the_bound_holds_and_cursors_of_other_lists_are_refused() {
        let keyed = |n: usize| (0..n).map(|i| (i.to_be_bytes().to_vec(), i)).collect::<Vec<_>>();
        let all = |window: &Window| page("a", window, keyed(LIST_PAGE_ITEMS_MAX + 1), Some);
        for limit in [None, Some(usize::MAX)] {
            let page: Page<usize> = serde_json::from_value(all(&Window { limit, after: None }).expect("a page")).expect("a page");
            assert_eq!((page.items.len(), page.next.is_some()), (LIST_PAGE_ITEMS_MAX, true));
            let other = Window { limit, after: page.next };
            assert_eq!(page_of(&other), Some("bad-cursor".to_owned()));
        }
        for bad in ["", "x", "!!!!", "AAAAAAAA"] {
            assert_eq!(page_of(&Window { limit: None, after: Some(bad.to_owned()) }), Some("bad-cursor".to_owned()), "{bad:?}");
        }
    }

    fn page_of(window: &Window) -> Option<String> {
        page("b", window, Vec::<(Vec<u8>, u8)>::new(), Some).err().map(|problem| problem.code)
    }
}
