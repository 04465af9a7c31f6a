//! What only the words of a command tell about the scope it needs: a token for selling says nothing on the buyer's side of an order.

use haat_protocol::local::{Command, Me, OrderRow, Question, Scope, Side};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::gate::Guest;
use super::problem::No;
use crate::service::Service;

/// The command as the guest may give it: an order in it is named by its whole id, so that it is the one that was looked at.
///
/// # Errors
/// 403 for a buyer's word of whose token is for selling; the problem of looking the order up.
pub(super) async fn judge<S: Service>(service: &S, guest: Guest, command: Command) -> Result<Command, No> {
    if guest.scope == Scope::Admin {
        return Ok(command);
    }
    match command.side() {
        Side::Any => Ok(command),
        Side::Buyer => guest.needs(Scope::Admin, "buying").map(|()| command),
        Side::Of(order) => {
            let row: OrderRow = read(service.ask(Question::Order { order: order.to_owned() }).await.map_err(No::of)?)?;
            let me: Me = read(service.ask(Question::Me).await.map_err(No::of)?)?;
            if row.seller.identity != me.identity {
                guest.needs(Scope::Admin, "an order in which this person does not sell")?;
            }
            Ok(command.about(row.order.to_string()))
        }
    }
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, No> {
    serde_json::from_value(value).map_err(|fault| No::new(500, "internal", "an internal fault", fault.to_string()))
}
