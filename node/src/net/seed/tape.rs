//! A tape in the seed's place: writes down every byte that the seed can read, after the outer encryption is off.
//!
//! It is there so that a test can look for what a seed must not learn. It must never change a byte, and never run unless asked
//! for.

use std::io::{self, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use futures::io::{AsyncRead, AsyncWrite};
use futures::{FutureExt as _, TryFutureExt as _};
use libp2p::core::upgrade::{InboundConnectionUpgrade, OutboundConnectionUpgrade, UpgradeInfo};
use libp2p::identity::Keypair;
use libp2p::{PeerId, noise};

/// Where it is written down.
#[derive(Clone)]
pub(super) struct Tape(Arc<Mutex<Box<dyn Write + Send>>>);

impl std::fmt::Debug for Tape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tape")
    }
}

impl Tape {
    pub(super) fn new(sink: Box<dyn Write + Send>) -> Self {
        Self(Arc::new(Mutex::new(sink)))
    }

    fn note(&self, bytes: &[u8]) {
        let mut sink = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(fault) = sink.write_all(bytes).and_then(|()| sink.flush()) {
            tracing::warn!(%fault, "the tape ended");
        }
    }
}

/// Noise, with a tape behind it.
#[derive(Clone)]
pub(super) struct Taped {
    noise: noise::Config,
    tape: Tape,
}

impl Taped {
    pub(super) fn new(keys: &Keypair, tape: Tape) -> Result<Self, noise::Error> {
        noise::Config::new(keys).map(|noise| Self { noise, tape })
    }
}

impl UpgradeInfo for Taped {
    type Info = <noise::Config as UpgradeInfo>::Info;
    type InfoIter = <noise::Config as UpgradeInfo>::InfoIter;

    fn protocol_info(&self) -> Self::InfoIter {
        self.noise.protocol_info()
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin + Send + 'static> InboundConnectionUpgrade<C> for Taped {
    type Output = (PeerId, Heard<noise::Output<C>>);
    type Error = noise::Error;
    type Future = BoxFuture<'static, Result<Self::Output, Self::Error>>;

    fn upgrade_inbound(self, socket: C, info: Self::Info) -> Self::Future {
        let tape = self.tape;
        self.noise.upgrade_inbound(socket, info).map_ok(move |(peer, inner)| (peer, Heard { inner, tape })).boxed()
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin + Send + 'static> OutboundConnectionUpgrade<C> for Taped {
    type Output = (PeerId, Heard<noise::Output<C>>);
    type Error = noise::Error;
    type Future = BoxFuture<'static, Result<Self::Output, Self::Error>>;

    fn upgrade_outbound(self, socket: C, info: Self::Info) -> Self::Future {
        let tape = self.tape;
        self.noise.upgrade_outbound(socket, info).map_ok(move |(peer, inner)| (peer, Heard { inner, tape })).boxed()
    }
}

/// A stream whose incoming bytes are written down: what one peer is sent has come in from another before.
pub(super) struct Heard<S> {
    inner: S,
    tape: Tape,
}

impl<S: AsyncRead + Unpin> AsyncRead for Heard<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let read = Pin::new(&mut self.inner).poll_read(cx, buf);
        if let Poll::Ready(Ok(size)) = &read {
            self.tape.note(&buf[..*size]);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}
