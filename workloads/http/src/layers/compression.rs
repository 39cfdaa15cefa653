//! Compression of bodies.

use std::{
    io::{self, Write as _},
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use futures::Stream;

use super::zstd;
use crate::extract::ContentCoding;

/// JSON shrinks to a quarter with the fastest level, at some 300 MB/s; higher levels save little more.
const GZIP_LEVEL: Compression = Compression::fast();

/// Bytes that are compressed at a time: about 0.2 ms, so that other requests of the thread don't wait.
const SLICE_BYTES: usize = 64 * 1024;

/// Compresses a whole body.
pub fn compress(coding: ContentCoding, body: &[u8]) -> io::Result<Bytes> {
    match coding {
        ContentCoding::Gzip => {
            let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), GZIP_LEVEL);
            encoder.write_all(body)?;
            Ok(encoder.finish()?.into())
        }
        ContentCoding::Zstd => Ok(zstd::compress(body)?.into()),
    }
}

/// Compresses a body while it is sent. An error of `body` ends the result with the same error.
pub(super) fn compressed(coding: ContentCoding, body: Body) -> Body {
    match Encoder::new(coding) {
        Ok(encoder) => Body::from_stream(Compressed { body, slice: Bytes::new(), encoder: Some(encoder) }),
        Err(error) => Body::from_stream(futures::stream::iter([Err::<Bytes, _>(error)])),
    }
}

/// An encoder whose output is collected in memory.
enum Encoder {
    Gzip(Box<GzEncoder<Vec<u8>>>),
    Zstd(zstd::Encoder),
}

impl Encoder {
    fn new(coding: ContentCoding) -> io::Result<Self> {
        Ok(match coding {
            ContentCoding::Gzip => Self::Gzip(Box::new(GzEncoder::new(Vec::new(), GZIP_LEVEL))),
            ContentCoding::Zstd => Self::Zstd(zstd::Encoder::new()?),
        })
    }

    fn write_all(&mut self, slice: &[u8]) -> io::Result<()> {
        match self {
            Self::Gzip(encoder) => encoder.write_all(slice),
            Self::Zstd(encoder) => encoder.write_all(slice),
        }
    }

    /// Takes what is compressed so far.
    fn take(&mut self) -> Vec<u8> {
        match self {
            Self::Gzip(encoder) => std::mem::take(encoder.get_mut()),
            Self::Zstd(encoder) => encoder.take(),
        }
    }

    /// Returns the rest.
    fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

struct Compressed {
    body: Body,
    /// Content that is read but not compressed yet.
    slice: Bytes,
    /// `None` after the end.
    encoder: Option<Encoder>,
}

impl Stream for Compressed {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if self.encoder.is_none() {
                return Poll::Ready(None);
            }
            if self.slice.is_empty() {
                match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                    Some(Ok(frame)) => self.slice = frame.into_data().unwrap_or_default(),
                    Some(Err(error)) => {
                        self.encoder = None;
                        return Poll::Ready(Some(Err(error)));
                    }
                    None => return Poll::Ready(self.finish()),
                }
            }
            if let Some(compressed) = self.advance() {
                return Poll::Ready(Some(compressed));
            }
        }
    }
}

impl Compressed {
    /// Compresses the next slice; `None` when the encoder buffers all of it.
    fn advance(&mut self) -> Option<Result<Bytes, axum::Error>> {
        let length = self.slice.len().min(SLICE_BYTES);
        let slice = self.slice.split_to(length);
        let encoder = self.encoder.as_mut()?;
        if let Err(error) = encoder.write_all(&slice) {
            return Some(Err(axum::Error::new(error)));
        }
        let compressed = encoder.take();
        (!compressed.is_empty()).then(|| Ok(compressed.into()))
    }

    fn finish(&mut self) -> Option<Result<Bytes, axum::Error>> {
        let rest = self.encoder.take()?.finish();
        Some(rest.map(Bytes::from).map_err(axum::Error::new))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use futures::{StreamExt as _, stream};

    use super::*;

    fn decompress(coding: ContentCoding, bytes: &[u8]) -> Vec<u8> {
        let mut content = vec![0; 2_000_000];
        let length = match coding {
            ContentCoding::Gzip => {
                content.clear();
                GzDecoder::new(bytes).read_to_end(&mut content).unwrap()
            }
            ContentCoding::Zstd => zstd_safe::decompress(content.as_mut_slice(), bytes).unwrap(),
        };
        content.truncate(length);
        content
    }

    #[tokio::test]
    async fn compressed_parts_are_the_body_again() {
        let content: Vec<u8> =
            (0..60_000).flat_map(|n| format!("{{\"cluster\":{n}}}").into_bytes()).collect();
        let parts = || content.chunks(170_000).map(|part| Ok::<_, axum::Error>(part.to_vec()));
        for coding in [ContentCoding::Gzip, ContentCoding::Zstd] {
            let parts: Vec<_> = parts().collect();
            let body = compressed(coding, Body::from_stream(stream::iter(parts)));
            let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            assert!(bytes.len() < content.len() && decompress(coding, &bytes) == content, "{coding:?}");
            assert!(decompress(coding, &compress(coding, &content).unwrap()) == content, "{coding:?}");
        }
    }

    #[tokio::test]
    async fn broken_body_stays_broken() {
        for coding in [ContentCoding::Gzip, ContentCoding::Zstd] {
            let parts = [Ok(vec![0; 1000]), Err(io::Error::other("lost"))];
            let body = compressed(coding, Body::from_stream(stream::iter(parts))).into_data_stream();
            let parts: Vec<_> = body.collect().await;
            assert!(parts.last().unwrap().is_err(), "no trailer that makes it look whole: {coding:?}");
        }
    }
}
