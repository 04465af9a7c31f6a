//! Moving the desk of a shop: from then on another device of the same person holds the stock and answers orders.
//!
//! The device that gives the desk away publishes what is free there, so that nothing is promised twice. It goes on with its own orders.

use haat_protocol::body::{Body, ShopDesk};
use haat_protocol::id::{DeviceId, SpaceId};
use haat_protocol::listing::{Listing, Stock};
use haat_protocol::local::Problem;
use haat_protocol::local::done::DeskMoved;
use serde_json::{Value, json};

use super::super::work::Work;
use crate::view::{known, shelf, stock};

impl Work<'_, '_> {
    /// Whether this device holds a shop's stock and answers its orders.
    pub(in crate::engine) fn is_desk(&self, shop: &SpaceId) -> bool {
        shelf::desk(&self.tx, shop) == Some(self.me.device())
    }

    /// Moves the desk of a shop to a device of one's own, this one unless one is named.
    pub(in crate::engine) fn shop_desk(&mut self, shop: &str, named: Option<&str>) -> Result<Value, Problem> {
        let (shop, _) = self.own_shop(shop)?;
        let device = self.own_device(named)?;
        let refused = |code, why: &str| Problem::refused(code, "the desk is not moved", why);
        if shelf::desk(&self.tx, &shop) == Some(device) {
            return Err(refused("already-there", "this device holds the stock of this shop already"));
        }
        if device != self.me.device() && shelf::circles(&self.tx, &shop).is_empty() {
            return Err(refused("not-shared", "the other device would never see it").hint("share the shop into a circle first"));
        }
        let gives_away = self.is_desk(&shop);
        let left = if gives_away { self.left_here(&shop) } else { Vec::new() };
        for listing in left {
            self.author(shop, &Body::Listing(listing))?;
        }
        let entry = self.author(shop, &Body::ShopDesk(ShopDesk { device }))?;
        Ok(json!(DeskMoved { entry, desk: device, counted: gives_away }))
    }

    /// A device that speaks for this person.
    fn own_device(&self, named: Option<&str>) -> Result<DeviceId, Problem> {
        let Some(named) = named else { return Ok(self.me.device()) };
        let person = known::person(&self.tx, self.me);
        let fits: Vec<DeviceId> = person.devices().iter().copied().filter(|device| device.to_string().starts_with(named)).collect();
        match fits.as_slice() {
            [device] => Ok(*device),
            [] => Err(Problem::not_found("device", named)),
            _ => Err(Problem::usage("ambiguous", "which device is not said", format!("several of yours begin with {named:?}"))),
        }
    }

    /// Listings whose published count is not what is free here: each as it is to be published before the desk is given away.
    fn left_here(&self, shop: &SpaceId) -> Vec<Listing> {
        let mut left = Vec::new();
        for (lineage, _, listing) in self.on_shelf(shop) {
            let mut counted = Listing { lineage: Some(lineage), ..listing.clone() };
            for variant in counted.variants.iter_mut().filter(|variant| variant.stock != Stock::Uncounted) {
                // What an order holds that let its time to pay pass may still go to it.
                variant.stock = stock::unheld(&self.tx, &lineage, &variant.sku);
            }
            if counted.variants != listing.variants {
                left.push(counted);
            }
        }
        left
    }
}
