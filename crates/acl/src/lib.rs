//! Lists of who is refused, for programs that refuse by themselves: Asterisk's access lists, nginx's `deny`. Each list is written as a
//! whole, atomically, and its program is told to read it again, at most once in two seconds however many bans come. This
//! crate decides nothing: whoever starts it says who is denied.

pub mod acl;
mod outlet;
mod pace;
mod list;
mod asterisk;
mod nginx;
mod file;
mod control_socket;
mod manager_interface;
mod error;

pub use acl::{Acl, Denied, Health, Host};
