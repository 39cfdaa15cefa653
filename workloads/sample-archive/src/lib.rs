//! Makes realistic insights archives of any size, with faults on request.
