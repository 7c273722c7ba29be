//! The decoder child alone: what `media-vault decoder` is in the whole program.

fn main() -> std::process::ExitCode {
    media::decoder_main()
}
