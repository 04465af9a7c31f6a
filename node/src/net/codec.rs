//! Requests and responses on a stream: four bytes of length, big-endian, then that many bytes.
//!
//! The length is checked before anything is kept, and memory grows only with bytes that really came. An empty message is a
//! message; what it means is decided above. This file must never look inside one.

use std::io;

use futures::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use haat_protocol::limits::{REQUEST_MAX_BYTES, RESPONSE_MAX_BYTES};
use libp2p::StreamProtocol;
use libp2p::request_response;

/// The framing of both request protocols.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Frames;

impl request_response::Codec for Frames {
    type Protocol = StreamProtocol;
    type Request = Vec<u8>;
    type Response = Vec<u8>;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        read_frame(io, REQUEST_MAX_BYTES).await
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        read_frame(io, RESPONSE_MAX_BYTES).await
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, data: Vec<u8>) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write_frame(io, &data, REQUEST_MAX_BYTES).await
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, io: &mut T, data: Vec<u8>) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write_frame(io, &data, RESPONSE_MAX_BYTES).await
    }
}

async fn read_frame<T: AsyncRead + Unpin + Send>(io: &mut T, max: usize) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    io.read_exact(&mut length).await.map_err(|fault| named(fault, "the stream ended before the length of the message"))?;
    let length = u32::from_be_bytes(length);
    checked(length as usize, max)?;
    let mut data = Vec::new();
    let read = io.take(u64::from(length)).read_to_end(&mut data).await?;
    if read < length as usize {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("the stream ended after {read} of {length} bytes")));
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
    use futures::executor::block_on;
    use futures::io::Cursor;

    use super::*;

    fn read(bytes: &[u8], max: usize) -> Result<Vec<u8>, io::ErrorKind> {
        block_on(read_frame(&mut Cursor::new(bytes), max)).map_err(|fault| fault.kind())
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

    #[test]
    fn what_is_too_long_is_not_begun() {
        let mut wire = Cursor::new(Vec::new());
        assert!(block_on(write_frame(&mut wire, &[0; 9], 8)).is_err());
        assert!(wire.get_ref().is_empty());
    }
}
