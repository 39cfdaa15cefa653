//! Compression by zstd (RFC 8878).

use std::io;

use zstd_safe::{CCtx, CParameter, InBuffer, OutBuffer};

/// As with gzip, the fastest level: smaller bodies than that, in less time.
const LEVEL: i32 = 1;

/// Size by which the output grows.
const STEP_BYTES: usize = 16 * 1024;

/// Compresses a whole body.
pub(super) fn compress(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut output = vec![0; zstd_safe::compress_bound(body.len())];
    let length = zstd_safe::compress(output.as_mut_slice(), body, LEVEL).map_err(error)?;
    output.truncate(length);
    output.shrink_to_fit();
    Ok(output)
}

/// An encoder whose output is collected in memory.
pub(super) struct Encoder {
    context: CCtx<'static>,
    output: Vec<u8>,
}

impl Encoder {
    pub(super) fn new() -> io::Result<Self> {
        let mut context = CCtx::try_create().ok_or(io::ErrorKind::OutOfMemory)?;
        context.set_parameter(CParameter::CompressionLevel(LEVEL)).map_err(error)?;
        Ok(Self { context, output: Vec::new() })
    }

    pub(super) fn write_all(&mut self, slice: &[u8]) -> io::Result<()> {
        let mut input = InBuffer::around(slice);
        while input.pos() < slice.len() {
            self.step(|context, output| context.compress_stream(output, &mut input))?;
        }
        Ok(())
    }

    /// Takes what is compressed so far.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// Returns the rest.
    pub(super) fn finish(mut self) -> io::Result<Vec<u8>> {
        while self.step(CCtx::end_stream)? > 0 {}
        Ok(self.output)
    }

    /// Makes room in the output for one call of the library.
    fn step(
        &mut self,
        call: impl FnOnce(&mut CCtx<'static>, &mut OutBuffer<'_, [u8]>) -> zstd_safe::SafeResult,
    ) -> io::Result<usize> {
        let start = self.output.len();
        self.output.resize(start + STEP_BYTES, 0);
        let mut room = OutBuffer::around(&mut self.output[start..]);
        let result = call(&mut self.context, &mut room);
        let written = room.pos();
        self.output.truncate(start + written);
        result.map_err(error)
    }
}

fn error(code: zstd_safe::ErrorCode) -> io::Error {
    io::Error::other(zstd_safe::get_error_name(code))
}
