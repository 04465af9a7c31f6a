//! `haat shop`: shops and the circles they are shared into.

mod edit;
mod undo;
mod watch;

use clap::{Args, Subcommand};
use haat_protocol::local::{Command, NewShop, Question, ShopRow};
use serde_json::Value;

use crate::command::listing::{delivery_words, payment_words};
use crate::context::{Context, field};
use crate::error::Failure;
use crate::say::{say, word};
use crate::window::Part;
use crate::{output, table, text};

/// Shops: yours and those shared into your circles
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  haat shop create Hill --currency CNY --returns '7 days' --pickup 'North gate'
  haat shop create Hill --currency CNY --returns '7 days' --ship CN=8.00 --pay 'transfer:before:ICBC 6222…'
  haat shop create Hof --currency EUR --returns '14 days' --ship DE=4.90 --pay 'epc:before:Chen Tea, DE89 3704 0044 0532 0130 00'
  haat shop share Hill --circle 'Lane 12'
  haat shop unshare Hill --circle 'Lane 12'
  haat shop desk Hill
  haat shop edit Hill --returns '14 days'
  haat shop undo Hill
  haat shop watch products.csv --shop Hill

Instructions are any text. Of epc (NAME, IBAN[, BIC]), upi (ADDRESS[, NAME]) and bitcoin (ADDRESS[, NAME]) the buyer gets a QR code.")]
pub(crate) enum Shop {
    Create(Create),
    /// Shops you know
    #[command(visible_alias = "ls")]
    #[command(after_help = "Example:\n  haat shop list")]
    List(Part),
    /// One shop
    #[command(after_help = "Example:\n  haat shop show Hill")]
    Show {
        /// Name or id of the shop
        shop: String,
    },
    /// Show a shop to a circle
    Share {
        /// Name or id of the shop
        shop: String,
        /// Into which circle
        #[arg(long)]
        circle: String,
    },
    Edit(edit::Edit),
    Undo(undo::Undo),
    Watch(watch::Watch),
    /// Take a shop back from a circle: what was seen stays seen, nothing new is
    Unshare {
        /// Name or id of the shop
        shop: String,
        /// From which circle
        #[arg(long)]
        circle: String,
    },
    /// Let a device of yours hold the stock and answer orders: this one unless --to names another
    Desk {
        /// Name or id of the shop
        shop: String,
        /// Id of the device, or how it begins
        #[arg(long, value_name = "DEVICE")]
        to: Option<String>,
    },
}

/// Open a shop
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Its name
    name: String,
    /// Currency of all prices, such as CNY or EUR
    #[arg(long, value_name = "CUR")]
    currency: String,
    /// What happens when a buyer sends something back
    #[arg(long, value_name = "TEXT")]
    returns: String,
    /// A place where buyers may collect; may be given several times
    #[arg(long, value_name = "PLACE")]
    pickup: Vec<String>,
    /// Where you send to, and for how much; may be given several times
    #[arg(long, value_name = "ZONE=PRICE")]
    ship: Vec<String>,
    /// The goods are files, handed over with `haat order deliver-digital`
    #[arg(long)]
    digital: bool,
    /// How and when buyers pay (before, on-delivery, after); may be given several times
    #[arg(long, value_name = "METHOD:TIMING[:INSTRUCTIONS]")]
    pay: Vec<String>,
}

impl Shop {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        match self {
            Self::Create(c) => {
                let name = c.name.clone();
                let shop = NewShop {
                    name: c.name,
                    currency: c.currency,
                    returns: c.returns,
                    pickup: c.pickup,
                    ship: c.ship,
                    digital: c.digital,
                    pay: c.pay,
                };
                cx.answer(cx.call(&Command::ShopCreate(shop))?, |v: Value| {
                    say!("shop-opened", name = &name, id = text::short(field(&v, "shop")))
                })?;
                cx.next(&format!("haat listing import FILE --shop {}", text::quoted(&name)));
            }
            Self::List(part) => cx.page(cx.ask(&Question::Shops(part.into()))?, listed)?,
            Self::Show { shop } => cx.answer(cx.ask(&Question::Shop { shop })?, shown)?,
            Self::Share { shop, circle } => {
                cx.answer(cx.call(&Command::ShopShare { shop, circle })?, |v: Value| {
                    say!("shop-shared", id = text::short(field(&v, "entry")))
                })?;
            }
            Self::Desk { shop, to } => {
                cx.answer(cx.call(&Command::ShopDesk { shop, device: to })?, |v: Value| moved(&v))?;
            }
            Self::Edit(edit) => edit.run(cx)?,
            Self::Undo(undo) => undo.run(cx)?,
            Self::Watch(watch) => watch.run(cx)?,
            Self::Unshare { shop, circle } => {
                cx.answer(cx.call(&Command::ShopUnshare { shop, circle })?, |v: Value| {
                    say!("shop-unshared", id = text::short(field(&v, "entry")))
                })?;
            }
        }
        Ok(())
    }
}

fn moved(answer: &Value) -> String {
    let words = say!("desk-moved", device = text::short(field(answer, "desk")));
    if answer["counted"] == true { format!("{words} {}", say!("desk-orders")) } else { format!("{words} {}", say!("desk-count")) }
}

fn listed(shops: Vec<ShopRow>) -> String {
    let rows = shops.into_iter().map(|s| [s.name, s.shop.short(), s.seller.name, s.currency.to_string(), s.listings.to_string()]);
    table::table(["name", "shop", "seller", "currency", "listings"], rows.collect(), &say!("no-shops"))
}

fn shown(s: ShopRow) -> String {
    let mut rows = vec![
        [word("shop"), s.shop.short()],
        [word("seller"), s.seller.name],
        [word("currency"), s.currency.to_string()],
        [word("listings"), s.listings.to_string()],
        [word("desk"), if s.here { say!("this-device") } else { s.desk.short() }],
        [word("returns"), s.returns],
    ];
    rows.extend(s.delivery.iter().map(|d| [word("delivery"), delivery_words(d)]));
    rows.extend(s.payment.iter().map(|p| [word("payment"), payment_words(p)]));
    rows.extend(s.circles.iter().map(|c| [word("shared in"), c.short()]));
    if s.circles.is_empty() {
        rows.push([word("shared in"), say!("no-circle-of-yours")]);
    }
    format!("{}\n{}", output::bold(&s.name), table::pairs(rows))
}
