# Single words: headings, states, kinds. The name of a message is `word-` and the word as the program writes it, with dashes.

## Headings and labels

word-about = 关于
word-address = 地址
word-after = 之后
word-before = 之前
word-asked = 申请时间
word-buyer = 买家
word-by = 邀请人
word-check = 检查项
word-circle = 圈子
word-circles = 圈子
word-code = 代码
word-column = 列
word-currency = 货币
word-delivery = 交付
word-field = 字段
word-finding = 结果
word-from = 来源
word-goods = 货品
word-identity = 身份
word-invite = 邀请
word-listing = 商品
word-listings = 商品数
word-member = 成员
word-members = 成员数
word-ms = 毫秒
word-name = 名字
word-options = 款式
word-order = 订单
word-peer = 对等节点
word-peers = 对等节点
word-petname = 备注名
word-price = 价格
word-role = 角色
word-row = 行
word-seller = 卖家
word-setting = 设置
word-shop = 店铺
word-shown = 显示
word-sku = SKU
word-state = 状态
word-step = 步骤
word-stock = 库存
word-title = 标题
word-to-do = 要做的事
word-total = 合计
word-until = 截止
word-used = 已用
word-value = 值
word-waits-for = 等待
word-what = 事项
word-what-happened = 发生了什么
word-what-to-do = 怎么办
word-when = 时间
word-who = 谁
word-why = 原因
word-api = API
word-approval = 批准
word-board = 登记
word-circuits = 中继线路
word-desk = 柜台
word-device = 设备
word-epoch = 密钥代
word-hand-out = 公布
word-how = 方式
word-listen = 监听
word-look-out = 注意
word-newcomers = 新人
word-pages = 页面
word-pay-by = 付款截止
word-payment = 付款
word-reachable = 可达性
word-reference = 附言
word-returns = 退货
word-seed = 种子节点
word-shared-in = 分享到
word-store = 存储
word-tags = 标签
word-the-other = 对方
word-trust-log = 信任日志
word-up-for = 已运行
word-waiting = 待发
word-you = 你
word-a-day = 每天
word-sellers = 可售者
word-last-sync = 上次同步
word-asked-for = 已请求
word-closed = 结束方式
word-hand-over-code = 交接码

## Everyday words

word-true = 是
word-false = 否
word-any = 任意
word-none = 无
word-blocked = 已拉黑
word-muted = 已静音
word-connected = 已连接
word-away = 离线
word-ok = 正常
word-warn = 留意
word-bad = 有问题
word-default = 默认
word-flag = 命令行
word-file = 文件
word-import = 导入
word-edit = 编辑

## Roles and states of circles, invites and listings

word-owner = 圈主
word-steward = 管事
word-joined = 已加入
word-requested = 已申请
word-left = 已离开
word-removed = 被移出
word-open = 可用
word-used-up = 已用完
word-listed = 在售
word-expired = 已过期
word-revoked = 已撤回
word-on-sale = 在售
word-sold-out = 售罄

## What people say

word-post = 帖子
word-reply = 回复
word-recommend = 推荐
word-review = 评价
word-review-reply = 评价回复
word-share = 分享
word-unshare = 收回分享
word-vouch = 担保
word-unvouch = 收回担保
word-unknown = 未知
word-gift = 赠品
word-commission = 佣金
word-employee = 员工

## Trust

word-known = 可信
word-mixed = 有褒有贬

## Orders: where they stand

word-negotiating = 协商中
word-agreed = 已谈妥
word-payment-claimed = 买家称已付款
word-fulfilling = 备货中
word-partly-shipped = 部分寄出
word-shipped = 已寄出
word-ready = 待自提
word-delivered = 已交付
word-completed = 已完成
word-rejected = 已拒绝
word-withdrawn = 已撤回
word-cancelled = 已取消
word-returning = 退货中
word-refund-due = 待退款
word-refund-claimed = 卖家称已退款
word-refunded = 已退款
word-disputed = 争议中
word-decided = 已裁决
word-resolved = 已了结
word-settled = 和解
word-performed = 已履行
word-buyer-defaulted = 买家违约
word-seller-defaulted = 卖家违约
word-unresolved = 未了结
word-cancel = 取消
word-return = 退货
word-queued = 待发
word-mailbox = 在信箱
word-stored = 已收到

## Orders: what happens in them

word-offer = 出价
word-counter = 还价
word-accept = 接受
word-reject = 拒绝
word-withdraw = 撤回
word-expire = 过期
word-stock-confirm = 确认有货
word-stock-fail = 缺货
word-pay-proof = 付款证明
word-pay-confirm = 确认收款
word-pay-deny = 否认收款
word-start = 开始备货
word-expire-unpaid = 未付款过期
word-ship = 寄出
word-received = 已收货
word-auto-received = 视为收货
word-expire-uncollected = 未自提过期
word-expire-unfulfilled = 未备货过期
word-waive = 免除
word-complete = 完成
word-refund-sent = 已汇出退款
word-refund-confirm = 确认退款
word-close-defaulted = 按违约结束
word-deliver-digital = 电子交付
word-cancel-request = 请求取消
word-cancel-agree = 同意取消
word-cancel-refuse = 不同意取消
word-return-request = 请求退货
word-return-ok = 同意退货
word-return-no = 不同意退货
word-return-received = 收到退货
word-dispute = 争议
word-settle-offer = 和解提议
word-settle-accept = 接受和解
word-settle-refuse = 不接受和解
word-decide = 裁决
word-handover = 移交
word-takeover = 接管
word-say = 留言
word-pay = 付款
word-confirm-payment = 确认收款
word-deny-payment = 否认收款
word-receive = 收货
word-request-cancel = 请求取消
word-agree = 同意
word-refuse = 不同意
word-refund = 退款
word-confirm-refund = 确认退款
word-settle = 和解
word-perform = 履行

## Notices

word-question = 请答复
word-decision = 裁决
word-right = 可行使的权利
word-message = 留言
word-refused = 被拒绝
word-case = 争议案
word-request = 加入申请
word-fork = 日志分叉

## Reach and payment

word-local = 仅本机
word-lan = 局域网
word-public = 公网
word-relayed = 经中继
word-cash = 现金
word-transfer = 转账
word-on-delivery = 交付时

## Checks of the doctor

word-permissions = 权限
word-keys = 密钥
word-config = 配置
word-disk = 磁盘
word-clock = 时钟
word-node = 节点
word-ports = 端口
word-reachability = 可达性
word-backup = 备份

## Tokens

word-scope = 权限范围
word-created = 创建时间
word-read = 只读
word-sell = 经营
word-admin = 全部
