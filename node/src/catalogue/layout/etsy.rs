//! Etsy's listing export: a row for each listing, variations as one list of values for each axis.

use haat_protocol::limits::VARIANTS_MAX;

use super::super::columns::Column;
use super::super::table::{Row, Table};
use super::super::{FileError, text};
use super::{Anew, Names, Sheet, fault};

/// Columns by which the layout is known, and without which it cannot be read.
pub(super) const REQUIRED: [&str; 4] = ["TITLE", "PRICE", "CURRENCY_CODE", "QUANTITY"];

/// Columns that are read, those of pictures and variations apart.
const READ: [&str; 7] = ["TITLE", "DESCRIPTION", "PRICE", "CURRENCY_CODE", "QUANTITY", "TAGS", "SKU"];
/// Pictures of a listing.
const IMAGES: usize = 10;
/// Variations of a listing.
const VARIATIONS: usize = 2;

/// Lays the rows out by variant: each value of the one axis with each of the other.
pub(super) fn lay_out(table: &Table) -> Result<Sheet, FileError> {
    let axes = (1..=VARIATIONS).flat_map(|n| ["TYPE", "NAME", "VALUES"].map(|part| format!("VARIATION {n} {part}")));
    let more = (1..=IMAGES).map(|n| format!("IMAGE{n}")).chain(axes);
    let read: Vec<String> = READ.iter().map(|name| (*name).to_owned()).chain(more).collect();
    let read: Vec<&str> = read.iter().map(String::as_str).collect();
    let names = Names::of(table, &read, &REQUIRED)?;
    let columns = [
        (Column::Handle, "TITLE"),
        (Column::Title, "TITLE"),
        (Column::Description, "DESCRIPTION"),
        (Column::Tags, "TAGS"),
        (Column::Images, "IMAGE1"),
        (Column::Sku, "SKU"),
        (Column::Price, "PRICE"),
        (Column::Currency, "CURRENCY_CODE"),
        (Column::Quantity, "QUANTITY"),
        (Column::OptionName(0), "VARIATION 1 NAME"),
        (Column::OptionValue(0), "VARIATION 1 VALUES"),
        (Column::OptionName(1), "VARIATION 2 NAME"),
        (Column::OptionValue(1), "VARIATION 2 VALUES"),
    ];
    let mut anew = Anew::begin(columns.map(|(column, name)| (column, names.named(name))).into(), &table.header, &read);
    for row in &table.rows {
        match names.misfit(row) {
            Some(fault) => anew.push_fault(&handle(&names, row), fault),
            None => listing(&names, row, &mut anew),
        }
        anew.check()?;
    }
    Ok(anew.sheet(false))
}

/// What a listing is called: its code when it has one, else its title. The file has no numbers of listings.
fn handle(names: &Names<'_>, row: &Row) -> String {
    match list(names.cell(row, "SKU")).as_slice() {
        [only] => text::line(only),
        _ => text::line(names.cell(row, "TITLE")),
    }
}

fn list(cell: &str) -> Vec<&str> {
    cell.split(',').map(str::trim).filter(|part| !part.is_empty()).collect()
}

fn listing(names: &Names<'_>, row: &Row, anew: &mut Anew) {
    let handle = handle(names, row);
    let said = |name: &str| names.cell(row, name).to_owned();
    let mut axes: Vec<(String, Vec<&str>)> = Vec::new();
    for n in 1..=VARIATIONS {
        let (name, values) = (said(&format!("VARIATION {n} NAME")), list(names.cell(row, &format!("VARIATION {n} VALUES"))));
        if name.is_empty() && !values.is_empty() {
            let column = names.named(&format!("VARIATION {n} NAME"));
            return anew.push_fault(&handle, fault(row.number, &column, "", "the variation has values and no name"));
        }
        axes.extend(Some((name, values)).filter(|(_, values)| !values.is_empty()));
    }
    // Nothing is multiplied that is refused anyway.
    let count = axes.iter().fold(1, |count: usize, (_, values)| count.saturating_mul(values.len()));
    if count > VARIANTS_MAX {
        let reason = format!("{count} combinations: a product has at most {VARIANTS_MAX} variants");
        let column = names.named("VARIATION 1 VALUES");
        return anew.push_fault(&handle, fault(row.number, &column, names.cell(row, "VARIATION 1 VALUES"), reason));
    }
    let mut all: Vec<Vec<&str>> = vec![Vec::new()];
    for (_, values) in &axes {
        all = all.iter().flat_map(|chosen| values.iter().map(|value| [chosen.as_slice(), &[*value]].concat())).collect();
    }
    let codes = list(names.cell(row, "SKU"));
    let codes = Some(codes).filter(|codes| codes.len() == all.len());
    if all.len() > 1 {
        warn_of(names, row, all.len(), codes.is_some(), anew);
    }
    let images: Vec<String> = (1..=IMAGES).map(|n| said(&format!("IMAGE{n}"))).filter(|address| !address.is_empty()).collect();
    for (at, chosen) in all.iter().enumerate() {
        let mut cells = vec![(Column::Handle, handle.clone()), (Column::Price, said("PRICE")), (Column::Quantity, said("QUANTITY"))];
        cells.push((Column::Currency, said("CURRENCY_CODE")));
        cells.extend(codes.as_ref().map(|codes| (Column::Sku, codes[at].to_owned())));
        if at == 0 {
            cells.extend([(Column::Title, said("TITLE")), (Column::Description, said("DESCRIPTION"))]);
            cells.extend([(Column::Tags, said("TAGS").replace('_', " ")), (Column::Images, images.join(" "))]);
        }
        for (axis, value) in chosen.iter().enumerate() {
            cells.extend([(Column::OptionName(axis), axes[axis].0.clone()), (Column::OptionValue(axis), (*value).to_owned())]);
        }
        anew.push(row.number, &cells, (at == 0).then_some(row));
    }
}

/// Of several combinations the file says neither what each costs nor how many of each there are.
fn warn_of(names: &Names<'_>, row: &Row, count: usize, has_codes: bool, anew: &mut Anew) {
    let (quantity, codes) = (names.cell(row, "QUANTITY"), names.cell(row, "SKU"));
    let reason = format!(
        "the file has one price and one quantity for all {count} combinations together, and each is listed with both: say how many there are of each with `haat listing stock`"
    );
    anew.warn(row.number, &names.named("QUANTITY"), quantity, reason);
    if !codes.is_empty() && !has_codes {
        let reason = format!("{} codes for {count} combinations: none is used", list(codes).len());
        anew.warn(row.number, &names.named("SKU"), codes, reason);
    }
}
