//! Frames: four bytes with the length, most significant first, then that much JSON.

use std::io;

use serde::{Serialize, de::DeserializeOwned};
use snafu::{ResultExt, Snafu, ensure};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Maximum size of a frame that is read. A report has some hundred kilobytes.
pub(crate) const MAX_FRAME_BYTES: usize = 64 << 20;

/// The other side violated the format, or has closed the pipe.
#[derive(Debug, Snafu)]
pub(crate) enum FrameError {
    #[snafu(display("failed to write a frame"))]
    Write { source: io::Error },
    #[snafu(display("failed to read a frame"))]
    Read { source: io::Error },
    #[snafu(display("a frame of {bytes} bytes is announced, at most {MAX_FRAME_BYTES} are read"))]
    TooLarge { bytes: usize },
    #[snafu(display("failed to encode a frame"))]
    Encode { source: serde_json::Error },
    #[snafu(display("unexpected frame"))]
    Decode { source: serde_json::Error },
}

/// Writes one frame.
pub(crate) async fn write(
    to: &mut (impl AsyncWrite + Unpin),
    message: &impl Serialize,
) -> Result<(), FrameError> {
    let body = serde_json::to_vec(message).context(EncodeSnafu)?;
    let length = u32::try_from(body.len()).ok().filter(|_| body.len() <= MAX_FRAME_BYTES);
    let Some(length) = length else { return TooLargeSnafu { bytes: body.len() }.fail() };
    let frame = [&length.to_be_bytes()[..], &body].concat();
    to.write_all(&frame).await.context(WriteSnafu)?;
    to.flush().await.context(WriteSnafu)
}

/// Reads one frame.
pub(crate) async fn read<M: DeserializeOwned>(from: &mut (impl AsyncRead + Unpin)) -> Result<M, FrameError> {
    let bytes = from.read_u32().await.context(ReadSnafu)? as usize;
    ensure!(bytes <= MAX_FRAME_BYTES, TooLargeSnafu { bytes });
    let mut body = vec![0; bytes];
    from.read_exact(&mut body).await.context(ReadSnafu)?;
    serde_json::from_slice(&body).context(DecodeSnafu)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn frame_written_is_read_unchanged() {
        let mut pipe = Vec::new();
        write(&mut pipe, &["a", "ä"]).await.unwrap();
        assert_eq!(&pipe[..4], [0, 0, 0, 10]);
        assert_eq!(read::<Vec<String>>(&mut &pipe[..]).await.unwrap(), ["a", "ä"]);
    }

    #[tokio::test]
    async fn read_of_large_length_fails_without_allocating() {
        let error = read::<String>(&mut &[0xff_u8; 8][..]).await.unwrap_err();
        assert!(matches!(error, FrameError::TooLarge { bytes: 0xffff_ffff }), "{error}");
    }

    #[tokio::test]
    async fn read_of_truncated_frame_is_an_error() {
        let error = read::<String>(&mut &[0_u8, 0, 0, 9, b'"'][..]).await.unwrap_err();
        assert!(matches!(error, FrameError::Read { .. }), "{error}");
    }
}
