//! Types of the Tencent e-sign API (essbasic 2021-05-26), generated from its spec.
