//! Upload of archives by the insights operator, and the remote gathering rules that it reads.
