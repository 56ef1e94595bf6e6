mod access;
mod bad_input;
mod clients;
mod gateway;
mod isolation;
mod paging;
mod stale;
mod support;
