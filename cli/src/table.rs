//! Aligned columns for people. Chinese characters take two cells and are counted as two.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};

use crate::fold::fitted;
use crate::say::word;
use crate::{output, text};

/// Rows under a heading; a sentence when there are none.
pub(crate) fn table<const N: usize>(heading: [&str; N], rows: Vec<[String; N]>, nothing: &str) -> String {
    if rows.is_empty() {
        return fitted(nothing);
    }
    let drawn = columns(Some(heading), rows);
    let (head, body) = drawn.split_once('\n').unwrap_or((&drawn, ""));
    format!("{}\n{body}", output::bold(head))
}

/// Names and what they stand for, one pair on a line.
pub(crate) fn pairs(rows: Vec<[String; 2]>) -> String {
    columns(None, rows)
}

fn columns<const N: usize>(heading: Option<[&str; N]>, rows: Vec<[String; N]>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    if let Some(heading) = heading {
        table.set_header(heading.map(|name| word(name).to_uppercase()));
    }
    table.add_rows(rows.into_iter().map(|row| row.map(|cell| text::one_line(&cell))));
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_takes_two_cells() {
        let rows = vec![["绿茶".to_owned(), "8.20 CNY".to_owned()], ["Tea".to_owned(), "4.50 CNY".to_owned()]];
        let drawn = anstream::adapter::strip_str(&table(["title", "price"], rows, "none")).to_string();
        assert_eq!(drawn, "TITLE  PRICE\n绿茶   8.20 CNY\nTea    4.50 CNY");
    }

    #[test]
    fn a_cell_is_one_line_and_nothing_is_said_in_words() {
        let drawn = table(["a", "b"], vec![["x\ny".to_owned(), "z".to_owned()]], "none");
        assert_eq!(drawn.lines().count(), 2, "{drawn}");
        assert_eq!(table(["a"], vec![], "no shops yet"), "no shops yet");
        assert_eq!(
            pairs(vec![["name".to_owned(), "陈".to_owned()], ["identity".to_owned(), "ab".to_owned()]]),
            "name      陈\nidentity  ab"
        );
    }
}
