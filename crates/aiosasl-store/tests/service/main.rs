//! The service, as the clients of a server see it.

mod authorization;
mod enumeration;
mod house;
mod shared;
mod socket;
mod throttle;
mod upgrade;
