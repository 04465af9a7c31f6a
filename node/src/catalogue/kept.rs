//! What a seller's file says beyond a listing: columns that mean nothing here, and what a listing says less exactly. It is kept for the
//! seller's own export, and must never be published.

use std::collections::BTreeMap;

use haat_protocol::limits::CATALOGUE_KEPT_MAX_BYTES;
use serde::{Deserialize, Serialize};

/// Cells of one row that are not empty: names of their columns, in the order of the file, and what stands there.
pub type Cells = Vec<(String, String)>;

/// Cells of one product that are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Those of rows that say a variant, by its code.
    pub variants: BTreeMap<String, Cells>,
    /// Those of rows that add a picture, by its address.
    pub pictures: BTreeMap<String, Cells>,
}

impl Kept {
    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.variants.is_empty() && self.pictures.is_empty()
    }

    /// Takes the cells of a row that says a variant, or else adds a picture; whether there was room for all of them.
    pub(super) fn add(&mut self, variant: Option<&str>, picture: &str, cells: Cells) -> bool {
        let mut room = CATALOGUE_KEPT_MAX_BYTES.saturating_sub(self.bytes());
        let count = cells.len();
        let fitting: Cells = cells
            .into_iter()
            .filter(|(name, cell)| {
                let size = name.len() + cell.len();
                let fits = size <= room;
                room -= if fits { size } else { 0 };
                fits
            })
            .collect();
        let is_whole = fitting.len() == count;
        if !fitting.is_empty() {
            let (rows, key) = variant.map_or((&mut self.pictures, picture), |sku| (&mut self.variants, sku));
            merge(rows.entry(key.to_owned()).or_default(), fitting);
        }
        is_whole
    }

    /// What rows said that are neither a variant nor a picture goes with the first variant.
    pub(super) fn settle(&mut self, first: &str) {
        if let Some(cells) = self.pictures.remove("") {
            merge(self.variants.entry(first.to_owned()).or_default(), cells);
        }
    }

    /// This with what a file says: all that it has columns for is the file's.
    #[must_use]
    pub fn with(mut self, file: &Self, columns: &[String]) -> Self {
        for (rows, said) in [(&mut self.variants, &file.variants), (&mut self.pictures, &file.pictures)] {
            for cells in rows.values_mut() {
                cells.retain(|(name, _)| !columns.contains(name));
            }
            for (key, cells) in said {
                let before = rows.remove(key).unwrap_or_default();
                let mut after = cells.clone();
                merge(&mut after, before);
                rows.insert(key.clone(), after);
            }
            rows.retain(|_, cells| !cells.is_empty());
        }
        self
    }

    fn bytes(&self) -> usize {
        let cells = self.variants.values().chain(self.pictures.values()).flatten();
        cells.map(|(name, cell)| name.len() + cell.len()).sum()
    }

    /// The names of all columns, in the order in which they first come.
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        self.variants.values().chain(self.pictures.values()).flatten().map(|(name, _)| name.as_str())
    }
}

/// Adds what is not there yet.
fn merge(cells: &mut Cells, more: Cells) {
    for (name, cell) in more {
        if !cells.iter().any(|(known, _)| *known == name) {
            cells.push((name, cell));
        }
    }
}
