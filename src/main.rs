//! Rollcall's one binary: see [`rollcall::cli`].

/// Steadier than glibc's under many small records: memory that an image gave back is used again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    rollcall::cli::main()
}
