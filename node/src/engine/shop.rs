//! stub
use super::work::Work;
use haat_protocol::local::*;
use serde_json::Value;
pub(super) struct Import {
    pub(super) shop: String,
    pub(super) data: String,
    pub(super) format: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) dry_run: bool,
    pub(super) partial: bool,
}
impl Work<'_, '_> {
    pub(super) fn shop_create(&mut self, _: NewShop) -> Result<Value, Problem> {
        Ok(Value::Null)
    }
    pub(super) fn shop_share(&mut self, _: &str, _: &str) -> Result<Value, Problem> {
        Ok(Value::Null)
    }
    pub(super) fn listing_add(&mut self, _: NewListing) -> Result<Value, Problem> {
        Ok(Value::Null)
    }
    pub(super) fn listing_import(&mut self, _: Import) -> Result<Value, Problem> {
        Ok(Value::Null)
    }
    pub(super) fn listing_withdraw(&mut self, _: &str) -> Result<Value, Problem> {
        Ok(Value::Null)
    }
}
