//! The gate over real connections to a real listener: what it lets in, what it refuses, what every answer carries. Behind it
//! stand a router of a few lines and a desk in memory.

mod desk;
mod site;
mod client;

mod answers;
mod sign_in;
mod forgery;
mod tokens;
mod listener;
