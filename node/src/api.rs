//! The local API: JSON over HTTP on the loopback, for the command line and for scripts of this machine's user.
//!
//! This place decides who may speak and what words mean; it must never hold a rule of the market, name the store or the
//! network, or answer anyone who is not on this machine.

#![allow(clippy::result_large_err, reason = "a refusal is the last thing that happens to a request, its size costs nothing")]

mod answers;
mod event;
mod gate;
mod openapi;
mod problem;
mod repeat;
mod route;
mod server;
mod side;
#[cfg(test)]
mod tests;
mod words;

use std::fmt;
use std::net::{SocketAddr, TcpListener};

use haat_protocol::local::{Problem, ProblemKind};

pub use server::serve;

/// What [`serve`] needs besides the service.
pub struct ApiConfig<F> {
    /// Where to listen; from [`bind`].
    pub listener: TcpListener,
    /// The bearer token that opens everything; further ones are the service's to know.
    pub token: String,
    /// Ends when the API is to stop.
    pub stop: F,
}

impl<F> fmt::Debug for ApiConfig<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiConfig").field("listener", &self.listener).finish_non_exhaustive()
    }
}

/// Takes a loopback address to listen on; port 0 takes any free port.
///
/// # Errors
/// A usage problem for an address that other machines could reach; a refusal when the port is taken; otherwise why the system
/// did not give it.
pub fn bind(addr: SocketAddr) -> Result<TcpListener, Problem> {
    if !addr.ip().is_loopback() {
        return Err(Problem::usage(
            "not-loopback",
            "the local API listens on this machine only",
            format!("{addr} can be reached by other machines"),
        )
        .hint("use 127.0.0.1 or [::1]"));
    }
    TcpListener::bind(addr).map_err(|fault| unbound(addr, &fault))
}

/// Why the system does not give an address.
fn unbound(addr: SocketAddr, fault: &std::io::Error) -> Problem {
    match fault.kind() {
        std::io::ErrorKind::AddrInUse => {
            Problem::refused("port-taken", "the port of the local API is taken", format!("something else listens on {addr}"))
                .hint("choose another with --api 127.0.0.1:PORT; port 0 takes any free one")
        }
        std::io::ErrorKind::PermissionDenied => Problem::new(
            ProblemKind::Permission,
            "port-forbidden",
            "the port of the local API may not be used",
            format!("the system does not let this user listen on {addr}"),
        )
        .hint("choose a port from 1024 up"),
        _ => Problem::new(ProblemKind::Internal, "no-listener", "the local API cannot listen", format!("{addr}: {fault}")),
    }
}
