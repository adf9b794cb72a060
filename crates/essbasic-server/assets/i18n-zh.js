// Chinese texts. i18n-en.js has the same keys.
import { flat } from "./texts.js";

export const zh = flat({
	shell: {
		skip: "跳到正文", navigation: "导航", menu: "菜单", language: "切换到英文", explorer: "接口浏览器",
	},
	side: {
		home: "概览", contracts: "合同", messages: "消息", forwards: "转发", add: "添加合同", dead: "{n} 份合同已放弃", version: "版本 {version}", readonly: "只读",
	},
	store: { sqlite: "SQLite", postgres: "PostgreSQL", memory: "内存" },
	mode: {
		ready: "正常", degraded: "降级", draining: "停止中", unready: "未就绪", unreachable: "无响应", error: "错误",
	},
	search: { label: "按合同编号开头查找合同", placeholder: "按编号查找合同" },
	alarm: { age: "页面数据更新于" },
	confirm: { type: "请输入以下内容确认：", cancel: "取消" },
	part: { copy: "复制", copied: "已复制" },
	pager: { label: "翻页", first: "首页", previous: "上一页", next: "下一页" },
	overview: { title: "概览", numbers: "台账数据" },
	health: {
		ok: "服务正常", "ok.text": "回调正常保存，没有需要处理的内容，也没有暂停的任务。",
		show: "查看", dead: "{n} 份合同需要处理", "dead.one": "1 份合同需要处理", "dead.text": "已放弃，不再重试。请排除原因后重试，或移除。",
		forwards: "发往 {name} 的 {n} 条转发已放弃", "forwards.one": "发往 {name} 的 1 条转发已放弃", "forwards.text": "不再重试。目标恢复后请重放。",
		refused: "拒绝了 {n} 次回调", "refused.one": "拒绝了 1 次回调", "refused.text": "请核对控制台中应用的 Token 和密钥与 receive.keys 是否一致。",
		draining: "服务正在停止", "draining.text": "正在完成手头的工作，其余工作由其他副本接手。",
		unready: "服务无法保存回调", "unready.text": "回调会收到 503，平台稍后重发。请检查存储和磁盘。",
		paused: "{name}已暂停", since: "暂停于", probe: "下次探测",
		late: "到期合同已等待 {time}", "late.text": "副本处理不过来。请检查频率、副本数量和日志。",
	},
	loop: { archive: "归档", reconcile: "轮询", forward: "转发" },
	tile: {
		dead: "已放弃", "dead.text": "等待人工处理", oldest: "最久到期", "oldest.text": "等待副本处理", none: "无",
		open: "等待中", "open.text": "未到期或在排队", claimed: "处理中", "claimed.text": "副本正在处理",
		done: "已完成", "done.text": "已归档、已终止或已移除", backlog: "待转发", "backlog.text": "尚未送达",
		failed: "{n} 条已放弃", "failed.one": "1 条已放弃",
	},
	dead: {
		title: "已放弃的合同", show: "查看", retry: "全部重试", "retry.title": "重试 {n} 份合同？", "retry.title.one": "重试 1 份合同？",
		"retry.text": "放弃原因：“{reason}”。合同将立即到期，并重新计算尝试次数。", retried: "{n} 份合同已重新到期", "retried.one": "1 份合同已重新到期",
	},
	chart: {
		title: "处理量", range: "时间范围", summary: "{range}：完成 {n} 份合同，当前未完成 {open} 份。", none: "图表将在一分钟后显示",
		"none.text": "服务每分钟统计一次。", open: "未完成的合同与待转发消息（虚线）", gap: "无数据",
		"finished.hour": "每分钟完成", "finished.day": "每 15 分钟完成", "finished.week": "每小时完成",
		table: "每日数据", day: "日期", "value.finished": "完成", "value.messages": "消息", "value.open": "未完成", "value.dead": "已放弃",
		"value.backlog": "待转发",
	},
	range: { hour: "1 小时", day: "24 小时", week: "7 天" },
	rate: {
		title: "请求频率", limit: "每个接口每秒 {n} 次，所有副本合计", "limit.one": "每个接口每秒 1 次，所有副本合计", none: "尚无请求", used: "最近一秒 {used} / {n}",
	},
	replica: {
		title: "副本", name: "名称", claimed: "合同", entered: "启动", self: "当前", total: "{n} 个存活", none: "没有存活的副本", more: "另有 {n} 个",
	},
	target: {
		title: "转发目标", all: "详情", name: "目标", state: "状态", backlog: "待发送", dead: "已放弃", last: "最近送达", error: "最近错误", never: "从未",
		types: "消息类型", "types.all": "全部", ok: "正常", failing: "失败", idle: "空闲", removed: "未配置",
		"dead.text": "已放弃的转发不再重试。目标恢复后请重放相应消息。", "dead.show": "查看消息", "removed.text": "配置中没有此目标，不会向其发送消息。",
	},
	targets: {
		lead: "每条消息至少向每个目标发送一次，同一合同的消息按顺序发送。", none: "没有转发目标", "none.text": "在配置中添加目标，即可将消息转发到自己的服务：",
	},
	contracts: {
		title: "合同", all: "全部", reason: "原因", "reason.any": "任意原因", prefix: "编号开头", none: "还没有合同",
		"none.text": "合同由回调添加，也可以按编号添加。", "none.dead": "没有已放弃的合同", "none.dead.text": "目前无需人工处理。", "none.found": "没有符合条件的合同",
		"none.found.text": "请缩短编号，或选择其他状态或原因。",
	},
	contract: {
		id: "编号", state: "状态", status: "签署状态", attempts: "尝试", due: "到期", when: "到期或完成", added: "添加", finished: "完成", dead_at: "放弃时间", task: "下一步",
		request_id: "请求 ID", failed_request: "最近请求 ID", facts: "基本信息", messages: "相关消息", explorer: "在接口浏览器中打开", attempt: "已尝试 {n} 次", failing: "上次尝试失败：{reason}",
		retry: "重试", "retry.title": "重试这份合同？", "retry.text": "合同将立即到期，并重新计算尝试次数。", "retry.done": "合同已重新到期",
		drop: "移除", "drop.title": "移除这份合同？", "drop.text": "合同将不会归档，回调也不会恢复它。文件仍保留在服务方。", "drop.done": "合同已移除",
	},
	state: {
		open: "等待中", claimed: "处理中", done: "已完成", dead: "已放弃", archived: "已归档", ended: "已终止", dropped: "已移除",
	},
	task: { poll: "查询签署状态", archive: "下载并保存文件" },
	flow: {
		none: "尚未上报", INIT: "已创建", PART: "部分签署", ALL: "已签署", REJECT: "已拒签", DEADLINE: "已过期", CANCEL: "已撤销", INVALID: "已失效", RELIEVED: "已解除",
	},
	files: {
		title: "文件", number: "序号", bytes: "大小", sha256: "SHA-256", exact: "{n} 字节", none: "全部签署完成后保存。", "none.signed": "尚未保存。", "none.ended": "没有保存文件。",
		"none.archived": "没有文件凭证。",
	},
	timeline: {
		title: "时间线", none: "尚无记录", capped: "更早的 {n} 条记录已删除。", "capped.one": "更早的 1 条记录已删除。",
	},
	event: {
		added: "添加", message: "消息", status: "签署状态", failed: "尝试失败", worker_lost: "副本失联", dead: "放弃", retried: "重试", archived: "归档", ended: "终止",
		dropped: "移除", files: "{n} 个文件", "files.one": "1 个文件", attempt: "第 {n} 次",
	},
	messages: {
		title: "消息", lead: "平台的回调，最新的在前。", flow: "合同编号", none: "还没有消息", "none.text": "平台发送回调后会显示在这里。",
		"none.found": "没有符合条件的消息", "none.found.text": "请输入完整的合同编号。过旧的消息会被删除。",
		dead: "有已放弃的转发", "dead.n": "{n} 条转发已放弃", "dead.n.one": "1 条转发已放弃", "target.any": "任意目标",
	},
	message: {
		received: "接收", type: "类型", flow: "合同", body: "消息体", id: "ID", "body.stored": "已保存", "body.none": "未保存",
		"body.not_stored": "未保存", "body.expired": "已删除",
	},
	forwards: { title: "转发" },
	forward: {
		target: "目标", state: "状态", attempts: "尝试", at: "送达", replay: "重放", next: "下次", delivered: "已送达", dead: "已放弃", replayed: "已重放", pending: "等待中",
		none: "未转发", "none.text": "按 `types` 和 `when`，没有目标接收此消息。",
	},
	replay: {
		title: "重放", text: "再次将消息发送到目标，不受合同内顺序限制。", button: "重放", done: "消息将发送到 {name}",
		all: "全部重放", "all.title": "向 {name} 重放 {n} 条消息？", "all.title.one": "向 {name} 重放 1 条消息？", "all.text": "这些消息将再次发送，消息体已删除的除外。", "all.done": "{n} 条消息将再次发送", "all.done.one": "1 条消息将再次发送",
		not_stored: "此消息的消息体未保存", "not_stored.hint": "只有到达时需要转发的消息才保存消息体。",
	},
	add: {
		title: "添加合同", lead: "用于没有回调的合同，例如在部署本服务之前创建的合同。", label: "合同编号（FlowId）", help: "每行一个，或以逗号分隔。已知的合同不受影响。",
		button: "添加", count: "{n} 个编号", "count.one": "1 个编号", invalid: "{n} 行不是编号", "invalid.one": "1 行不是编号", line: "第 {line} 行：",
		"invalid.hint": "编号由最多 128 个字母、数字、“-”、“_”和“.”组成，且不以“.”开头。修正之前不会发送。",
		progress: "{done} / {n}", results: "结果", result: "结果", more: "另有 {n} 个",
	},
	result: {
		added: "已添加", known: "已存在", invalid: "编号无效", not_found: "没有此编号的未完成合同", not_dead: "合同未被放弃", finished: "合同已完成",
	},
	reason: {
		not_found: "合同不存在", not_permitted: "没有权限", invalid_id: "编号无效", no_files: "没有文件", too_many_files: "文件过多", file_too_large: "文件过大",
		invalid_file: "文件无效", link_refused: "链接被拒绝", download_failed: "下载失败", storage_failed: "保存失败", service_failed: "服务失败",
		worker_lost: "副本失联", target_failed: "目标失败", target_refused: "目标拒绝", target_removed: "目标已移除", body_expired: "消息体已过期", body_unreadable: "消息体无法解密",
	},
	hint: {
		not_found: "请确认合同属于 account.app_id 对应的应用；如果不属于，请移除。", not_permitted: "请授权 account.operator 下载该企业的合同，然后重试。",
		invalid_id: "请使用服务返回的编号重新添加合同，并移除此条。", no_files: "请在服务的控制台中打开合同；有文件则重试，否则移除。",
		too_many_files: "请用 `essbasic download` 下载合同，然后移除。", file_too_large: "请从服务的控制台下载合同，然后移除。",
		invalid_file: "请在服务的控制台中打开 PDF；可以打开则重试。", link_refused: "请检查链接的主机并更新 essbasic-server，然后重试。",
		download_failed: "请检查本服务与文件服务器之间的网络和代理，然后重试。", storage_failed: "请检查 archive.to 的空间和权限，然后重试。",
		service_failed: "请查看时间线中的错误码，然后重试。", worker_lost: "请在副本日志中查找崩溃和内存限制，然后重试。",
		target_failed: "请确认目标返回 2xx，然后重放消息。", target_refused: "请检查目标的 Token、密钥和 URL，然后重放消息。",
		target_removed: "如仍需要，请重新配置目标并重放消息。", body_expired: "消息无法重放；请改为查询合同，并增大 messages.retention。",
	},
	error: {
		title: "错误", page: "页面无法显示", home: "返回概览", not_found: "没有找到", "not_found.hint": "可能已被删除，或编号不完整。", unreachable: "服务没有响应",
		"unreachable.hint": "页面每隔几秒重试。请检查 essbasic-server 是否在运行、地址是否正确。", unauthorized: "此标签页未获授权",
		"unauthorized.hint": "请打开管理页面的地址，并加上 #token= 和就绪信息所指的令牌文件的内容。",
		read_only: "管理页面为只读", "read_only.hint": "在配置的 [admin] 中设置 `writable = true`，即可在此修改合同。",
		body_expired: "此消息的消息体已不再保存", "body_expired.hint": "消息体在 messages.retention 之后删除，因此无法重放。",
		unknown_target: "配置中没有此目标", "unknown_target.hint": "请以 [[forward]] 添加目标并重启服务。",
		store_unavailable: "存储不可用", "store_unavailable.hint": "数据不会丢失：恢复之前会拒绝回调。请检查 store.url 的数据库。",
	},
});
