//! Tests of the whole workspace live in `tests/tests`; the examples of the READMEs are compiled here.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../README.zh-CN.md")]
struct ReadmeInChinese;
