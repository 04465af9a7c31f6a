//! Taking a catalogue file in: all of it or nothing. It must never open a file or fetch what a file points at.

use data_encoding::BASE64;
use haat_protocol::id::EntryId;
use haat_protocol::listing::Listing;
use haat_protocol::local::{ImportChange, ImportReport, ImportRow, Problem};
use serde_json::{Value, json};

use super::super::work::Work;
use super::undo::What;
use super::words;
use crate::catalogue::{self, FieldChange, FileError, Format, Kept, Options, Plan, Reading, RefusedRow, Warning};
use crate::store::Table;

/// An import as it is asked for.
#[derive(Debug)]
pub(in crate::engine) struct Import<'a> {
    /// Into which shop.
    pub(in crate::engine) shop: &'a str,
    /// The file, base64.
    pub(in crate::engine) data: &'a str,
    /// The layout; found out by the file unless given.
    pub(in crate::engine) format: Option<&'a str>,
    /// How its text is encoded; found out by the file unless given.
    pub(in crate::engine) encoding: Option<&'a str>,
    /// Currency of the prices; the shop's unless given.
    pub(in crate::engine) currency: Option<&'a str>,
    /// Only tell what would change.
    pub(in crate::engine) dry_run: bool,
    /// Take the good rows although others are refused.
    pub(in crate::engine) partial: bool,
}

impl Work<'_, '_> {
    /// Takes a catalogue file in.
    pub(in crate::engine) fn listing_import(&mut self, import: &Import<'_>) -> Result<Value, Problem> {
        let (shop, row) = self.own_shop(import.shop)?;
        let reading = read(import, row.body.currency)?;
        let plan = catalogue::plan(&reading, &self.on_shelf(&shop));
        let mut report = report(&reading, &plan);
        if !report.refused.is_empty() && !import.partial {
            let detail = format!("{} rows cannot be taken, so none was; the first: {}", report.refused.len(), first(&report));
            let mut problem = Problem::refused("rows-refused", "nothing was imported", detail)
                .hint("mend the rows and import again, or take the good ones with --partial");
            problem.import = Some(Box::new(report));
            return Err(problem);
        }
        let wanted: Vec<&Listing> = plan.create.iter().chain(plan.update.iter().map(|(_, listing)| listing)).collect();
        self.check_room(&shop, &wanted, wanted.len())?;
        if import.dry_run {
            // New listings have no id before they are made; their titles stand for them.
            report.created = plan.create.iter().map(|listing| listing.title.clone()).collect();
            report.updated = plan.update.iter().map(|(lineage, _)| lineage.to_string()).collect();
        } else {
            let (kept_new, kept) = (plan.kept_new.clone(), plan.kept.clone());
            let step = self.list_all(shop, plan, What::Import)?;
            let created = step.listings.iter().filter(|l| l.before.is_none()).map(|l| l.listing);
            for (lineage, kept) in created.zip(kept_new).chain(kept) {
                self.keep_beside(&lineage, &kept, &reading.kept);
            }
            report.created = step.listings.iter().filter(|l| l.before.is_none()).map(|l| l.listing.to_string()).collect();
            report.updated = step.listings.iter().filter(|l| l.before.is_some()).map(|l| l.listing.to_string()).collect();
        }
        Ok(json!(report))
    }

    /// Keeps what the file says of a listing beyond it. Of columns that are not in the file what was kept before stays.
    fn keep_beside(&mut self, lineage: &EntryId, kept: &Kept, columns: &[String]) {
        let before: Kept = self.tx.load(Table::Catalogue, &lineage.0).unwrap_or_default();
        let after = before.clone().with(kept, columns);
        match after.is_empty() {
            true if !before.is_empty() => self.tx.remove(Table::Catalogue, &lineage.0),
            false if after != before => self.tx.save(Table::Catalogue, &lineage.0, &after),
            _ => {}
        }
    }
}

fn read(import: &Import<'_>, own: haat_protocol::money::Currency) -> Result<Reading, Problem> {
    let bytes = BASE64
        .decode(import.data.as_bytes())
        .map_err(|fault| Problem::usage("bad-value", "the file's bytes cannot be read", format!("data is not base64: {fault}")))?;
    let format: Format = import
        .format
        .map_or(Ok(Format::Auto), str::parse)
        .map_err(|fault: FileError| Problem::usage("bad-format", "the format is not known", fault.to_string()))?;
    let currency = import.currency.map_or(Ok(own), words::currency)?;
    let encoding = import
        .encoding
        .map(str::parse)
        .transpose()
        .map_err(|fault: FileError| Problem::usage("bad-encoding", "the encoding is not known", fault.to_string()))?;
    catalogue::read(&bytes, &Options { format, currency, encoding })
        .map_err(|fault| Problem::refused("bad-file", "the file is no catalogue that can be read", fault.to_string()))
}

fn report(reading: &Reading, plan: &Plan) -> ImportReport {
    let mut refused: Vec<&RefusedRow> = reading.refused.iter().chain(&plan.refused).collect();
    refused.sort();
    ImportReport {
        created: Vec::new(),
        updated: plan.update.iter().map(|(lineage, _)| lineage.to_string()).collect(),
        unchanged: plan.unchanged.iter().map(ToString::to_string).collect(),
        refused: refused.into_iter().map(refused_row).collect(),
        warnings: reading.warnings.iter().map(warning_row).collect(),
        changes: plan.changes.iter().map(change).collect(),
    }
}

fn refused_row(row: &RefusedRow) -> ImportRow {
    ImportRow { row: row.row, column: row.column.clone(), value: row.value.clone(), reason: row.reason.clone() }
}

fn warning_row(row: &Warning) -> ImportRow {
    ImportRow { row: row.row, column: row.column.clone(), value: row.value.clone(), reason: row.reason.clone() }
}

pub(super) fn change(change: &FieldChange) -> ImportChange {
    let FieldChange { listing: _, title, field, before, after } = change.clone();
    ImportChange { title, field, before, after }
}

fn first(report: &ImportReport) -> String {
    report.refused.first().map_or_else(String::new, |row| format!("row {}, {}: {}", row.row, row.column, row.reason))
}
