//! Requests and responses on a stream: four bytes of length, big-endian, then that many bytes.
//!
//! The length is checked before anything is kept, and memory grows only with bytes that really came. An empty message is a
//! message; what it means is decided above. This file must never look inside one.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use haat_protocol::limits::{READING_MAX_BYTES, REQUEST_FIRST_BYTE_MS, REQUEST_MAX_BYTES, REQUEST_READ_MS, RESPONSE_MAX_BYTES};
use libp2p::StreamProtocol;
use libp2p::request_response;
use tokio::sync::Semaphore;

use super::vocabulary::Severity;

/// Room for messages that are being read, over all connections: one slot for each kibibyte that came. Answers, which we asked
/// for, have room of their own, so that strangers who send slowly cannot keep us from being answered.
#[derive(Debug, Clone)]
pub(super) struct Room {
    requests: Arc<Semaphore>,
    answers: Arc<Semaphore>,
}

impl Default for Room {
    fn default() -> Self {
        let room = || Arc::new(Semaphore::new(READING_MAX_BYTES / PIECE));
        Self { requests: room(), answers: room() }
    }
}

/// Bytes that come with one slot.
const PIECE: usize = 1024;

/// A request as it came. What is wrong with one is told like a request, because the library keeps a reading that failed to itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    Whole(Vec<u8>),
    /// Nothing of it is kept; nothing is answered.
    Broken(Severity),
}

/// The framing of the request protocols.
#[derive(Debug, Clone)]
pub(super) struct Frames {
    room: Room,
}

impl Frames {
    pub(super) const fn new(room: Room) -> Self {
        Self { room }
    }
}

impl request_response::Codec for Frames {
    type Protocol = StreamProtocol;
    type Request = Asked;
    type Response = Vec<u8>;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Asked>
    where
        T: AsyncRead + Unpin + Send,
    {
        let limits = (Duration::from_millis(REQUEST_FIRST_BYTE_MS), Duration::from_millis(REQUEST_READ_MS));
        match read_request(io, limits, &self.room.requests).await {
            Ok(data) => Ok(Asked::Whole(data)),
            Err(fault) => offence(&fault).map(Asked::Broken).ok_or(fault),
        }
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        // Whoever answers may think first; the patience for the whole request ends this.
        let length = read_length(io, RESPONSE_MAX_BYTES).await?;
        read_rest(io, length, &self.room.answers).await
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, request: Asked) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        match request {
            Asked::Whole(data) => write_frame(io, &data, REQUEST_MAX_BYTES).await,
            Asked::Broken(_) => Err(io::Error::new(io::ErrorKind::InvalidInput, "a broken request is not sent")),
        }
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, io: &mut T, data: Vec<u8>) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write_frame(io, &data, RESPONSE_MAX_BYTES).await
    }
}

/// What a reading that failed says about the sender; a stream that merely ended says nothing.
fn offence(fault: &io::Error) -> Option<Severity> {
    match fault.kind() {
        io::ErrorKind::InvalidData => Some(Severity::Oversize),
        io::ErrorKind::TimedOut => Some(Severity::Slow),
        _ => None,
    }
}

/// Reads a request within the time for its length and the time for all of it.
async fn read_request<T: AsyncRead + Unpin + Send>(
    io: &mut T,
    (first, whole): (Duration, Duration),
    room: &Semaphore,
) -> io::Result<Vec<u8>> {
    in_time(whole, async {
        let length = in_time(first, read_length(io, REQUEST_MAX_BYTES)).await?;
        read_rest(io, length, room).await
    })
    .await
}

async fn in_time<T>(limit: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "the message did not come in time");
    tokio::time::timeout(limit, work).await.map_err(late)?
}

async fn read_length<T: AsyncRead + Unpin + Send>(io: &mut T, max: usize) -> io::Result<usize> {
    let mut length = [0; 4];
    io.read_exact(&mut length).await.map_err(|fault| named(fault, "the stream ended before the length of the message"))?;
    let length = u32::from_be_bytes(length) as usize;
    checked(length, max)?;
    Ok(length)
}

/// Reads piece by piece; each piece waits for room before it is read.
async fn read_rest<T: AsyncRead + Unpin + Send>(io: &mut T, length: usize, room: &Semaphore) -> io::Result<Vec<u8>> {
    let mut data = Vec::new();
    let mut held = Vec::new();
    while data.len() < length {
        held.push(room.acquire().await.expect("the room is never closed"));
        let before = data.len();
        let next = length.min(before + PIECE);
        data.resize(next, 0);
        io.read_exact(&mut data[before..]).await.map_err(|fault| named(fault, "the stream ended in the middle of a message"))?;
    }
    Ok(data)
}

async fn write_frame<T: AsyncWrite + Unpin + Send>(io: &mut T, data: &[u8], max: usize) -> io::Result<()> {
    checked(data.len(), max)?;
    let length = u32::try_from(data.len()).expect("the largest message is far below 4 GiB");
    io.write_all(&length.to_be_bytes()).await?;
    io.write_all(data).await?;
    io.flush().await
}

fn checked(size: usize, max: usize) -> io::Result<()> {
    if size > max {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a message of {size} bytes where at most {max} are allowed")));
    }
    Ok(())
}

fn named(fault: io::Error, meaning: &str) -> io::Error {
    if fault.kind() == io::ErrorKind::UnexpectedEof { io::Error::new(fault.kind(), meaning) } else { fault }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use futures::executor::block_on;
    use futures::io::Cursor;
    use haat_protocol::limits;
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8], max: usize) -> Result<Vec<u8>, io::ErrorKind> {
        let room = Room::default();
        let mut io = Cursor::new(bytes);
        let read = async {
            let length = read_length(&mut io, max).await?;
            read_rest(&mut io, length, &room.requests).await
        };
        let read = block_on(read).map_err(|fault: io::Error| fault.kind());
        assert_eq!(room.requests.available_permits(), READING_MAX_BYTES / PIECE, "all room is given back");
        read
    }

    #[test]
    fn what_is_held_for_all_peers_is_bounded() {
        const {
            // Messages being read, both ways; requests that wait for the engine; and what waits to be told to it.
            let reading = 2 * READING_MAX_BYTES;
            let waiting = limits::REQUESTS_WAITING_MAX_BYTES;
            assert!(reading + waiting <= 256 * 1024 * 1024);
            assert!(READING_MAX_BYTES >= 64 * RESPONSE_MAX_BYTES, "many honest messages at once");
            assert!(REQUEST_FIRST_BYTE_MS < REQUEST_READ_MS && REQUEST_READ_MS < limits::REQUEST_TIMEOUT_MS);
        }
    }

    #[tokio::test]
    async fn who_sends_slowly_is_cut_off() {
        let (short, long) = (Duration::from_millis(20), Duration::from_secs(60));
        for (sent, first, whole) in [(&[][..], short, long), (&[0, 0], short, long), (&[0, 0, 0, 9, 1], long, short)] {
            let (ours, mut theirs) = tokio::io::duplex(64);
            tokio::io::AsyncWriteExt::write_all(&mut theirs, sent).await.unwrap();
            let mut stream = SlowStream(ours);
            let room = Room::default();
            let read = read_request(&mut stream, (first, whole), &room.requests);
            let end = tokio::time::timeout(Duration::from_secs(30), read).await.expect("the other limit is far away");
            assert_eq!(end.unwrap_err().kind(), io::ErrorKind::TimedOut);
        }
    }

    /// A tokio stream where a futures one is wanted.
    struct SlowStream(tokio::io::DuplexStream);

    impl AsyncRead for SlowStream {
        fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
            let mut buf = tokio::io::ReadBuf::new(buf);
            let polled = tokio::io::AsyncRead::poll_read(Pin::new(&mut self.0), cx, &mut buf);
            polled.map_ok(|()| buf.filled().len())
        }
    }

    #[test]
    fn there_and_back() {
        for size in [0usize, 1, 255, 256, 70_000] {
            let data = vec![0x5a; size];
            let mut wire = Cursor::new(Vec::new());
            block_on(write_frame(&mut wire, &data, 70_000)).unwrap();
            assert_eq!(wire.get_ref().len(), size + 4);
            assert_eq!(read(wire.get_ref(), 70_000), Ok(data));
        }
    }

    #[test]
    fn bad_frames() {
        assert_eq!(read(&[], 8), Err(io::ErrorKind::UnexpectedEof), "nothing");
        assert_eq!(read(&[0], 8), Err(io::ErrorKind::UnexpectedEof), "a quarter of a length");
        assert_eq!(read(&[0, 0, 0], 8), Err(io::ErrorKind::UnexpectedEof), "most of a length");
        assert_eq!(read(&[0, 0, 0, 1], 8), Err(io::ErrorKind::UnexpectedEof), "a length and no data");
        assert_eq!(read(&[0, 0, 0, 3, 1, 2], 8), Err(io::ErrorKind::UnexpectedEof), "one byte short");
        assert_eq!(read(&[0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9], 8), Err(io::ErrorKind::InvalidData), "one byte too long");
        assert_eq!(read(&[0xff; 64], 8), Err(io::ErrorKind::InvalidData), "4 GiB promised");
        assert_eq!(read(&[0xff; 64], RESPONSE_MAX_BYTES), Err(io::ErrorKind::InvalidData), "4 GiB promised to the real cap");
        assert_eq!(read(b"GET / HTTP/1.1\r\n\r\n", REQUEST_MAX_BYTES), Err(io::ErrorKind::InvalidData), "another protocol");
        assert_eq!(read(&[1, 0, 0, 0, 7], 8), Err(io::ErrorKind::InvalidData), "the other byte order");
        assert_eq!(read(&[0, 0, 0, 0], 8), Ok(vec![]), "empty, and allowed");
        assert_eq!(read(&[0, 0, 0, 0], 0), Ok(vec![]), "empty, where nothing else is allowed");
        assert_eq!(read(&[0, 0, 0, 1, 7, 8, 9], 8), Ok(vec![7]), "what follows the message is not read");
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_frame_or_none(
            claimed in prop_oneof![any::<u32>(), 0u32..4_000],
            data in proptest::collection::vec(any::<u8>(), 0..4_000),
            end in 0usize..8_000,
        ) {
            let mut bytes = [&claimed.to_be_bytes()[..], &data].concat();
            bytes.truncate(end);
            let (length, max) = (claimed as usize, 3_000);
            let expected = match bytes.get(4..) {
                None => Err(io::ErrorKind::UnexpectedEof),
                Some(_) if length > max => Err(io::ErrorKind::InvalidData),
                Some(rest) => rest.get(..length).map(<[u8]>::to_vec).ok_or(io::ErrorKind::UnexpectedEof),
            };
            prop_assert_eq!(read(&bytes, max), expected);
        }
    }

    #[test]
    fn what_is_too_long_is_not_begun() {
        let mut wire = Cursor::new(Vec::new());
        assert!(block_on(write_frame(&mut wire, &[0; 9], 8)).is_err());
        assert!(wire.get_ref().is_empty());
    }
}
