//! stub
use super::work::Work;
use haat_protocol::{id::*, local::*, wire::*};
use serde_json::Value;
#[derive(Debug, Default)]
pub(super) struct Attempt {}
impl Work<'_, '_> {
    pub(super) fn order_offer(&mut self, _: NewOffer) -> Result<Value, Problem> {
        Ok(Value::Null)
    }
    pub(super) fn order_act(&mut self, _: &str, _: &str, _: OrderWords) -> Result<Value, Problem> {
        Ok(Value::Null)
    }
    pub(super) fn send_orders(&mut self) {}
    pub(super) fn trade_connected(&mut self, _: DeviceId) {}
    pub(super) fn order_message(&mut self, _: DeviceId, _: OrderMessage) -> DirectResponse {
        DirectResponse::Orders(vec![])
    }
    pub(super) fn answer_order_heads(&mut self, _: DeviceId, _: Vec<OrderHead>) -> DirectResponse {
        DirectResponse::Orders(vec![])
    }
    pub(super) fn order_stored(&mut self, _: OrderId, _: DirectResponse) {}
    pub(super) fn order_failed(&mut self, _: OrderId) {}
    pub(super) fn take_orders(&mut self, _: DeviceId, _: Vec<OrderMessage>) {}
}
