//! The other end: servers, far enough to authenticate.
