//! Landlock: which files there are at all.

use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, Scope,
};

/// What is asked for; an older kernel gives as much of it as it knows.
const WANTED: ABI = ABI::V6;

/// From now on only `read` can be read and only `execute` executed, and nothing is connected to or bound.
pub(super) fn restrict(read: &[PathBuf], execute: &[PathBuf]) -> Result<(), RulesetError> {
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(WANTED))?
        .handle_access(AccessNet::from_all(WANTED))?
        .scope(Scope::from_all(WANTED))?
        .create()?;
    rules = allow(rules, read, AccessFs::ReadFile | AccessFs::ReadDir)?;
    rules = allow(rules, execute, AccessFs::Execute | AccessFs::ReadFile)?;
    rules.restrict_self()?;
    Ok(())
}

fn allow(
    mut rules: landlock::RulesetCreated,
    paths: &[PathBuf],
    access: BitFlags<AccessFs>,
) -> Result<landlock::RulesetCreated, RulesetError> {
    for path in paths {
        // What is not there needs no permission.
        let Ok(handle) = PathFd::new(path) else { continue };
        let access = if path.is_dir() {
            access
        } else {
            access & AccessFs::from_file(WANTED)
        };
        rules = rules.add_rule(PathBeneath::new(handle, access))?;
    }
    Ok(rules)
}

/// In a few words, for `doctor`: `Ok` if the kernel has it, else what that means.
pub(crate) fn support() -> Result<String, String> {
    let has = |abi: ABI| {
        Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(abi))
            .and_then(Ruleset::create)
            .is_ok()
    };
    if !has(ABI::V1) {
        return Err("this kernel has no landlock (Linux 5.13 or newer, with landlock in its lsm= parameter)".into());
    }
    Ok(if has(ABI::V5) {
        "version 5 or newer".into()
    } else {
        "an early version".into()
    })
}
