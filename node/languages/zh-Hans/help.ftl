# The help of the command line, in Simplified Chinese. The name of a message is `help-` and the path of the command, with dashes; its
# value says what the command does, its parts are the arguments by their ids. `examples` is what stands below the options, `long` what
# `--help` says beyond the first line. English stands in the grammar itself, in cli/src.

help-haat = 朋友之间的集市，没有中间人
    .home = 节点所在的主目录；默认是用户数据目录下的 `haat`
    .json = 用一个 JSON 文档回答；错误则是标准错误上的一个 JSON 对象
    .quiet = 不提示下一步可以做什么
    .verbose = 在标准错误上输出更多信息；写两次更详细
    .key = 给这条命令起名；同名的命令发送两次只执行一次
    .color = 何时使用颜色：配置没有另行规定时为 auto
    .examples =
        示例：
        {"  "}haat up --name Chen                 启动你的节点，让它一直运行
        {"  "}haat circle create 'Lane 12'        创建一个朋友的圈子
        {"  "}haat circle invite 'Lane 12'        给下一位邻居的邀请码
        {"  "}haat listing import tea.csv --shop Hill
        {"  "}haat order list --role seller

        退出码：0 完成，1 内部故障，2 用法错误，3 被拒绝，4 未找到，5 结果未知（可以放心重试），
        6 存储问题，7 权限问题，8 节点未运行。

## The node

help-up = 启动你的节点；第一次运行会创建主目录和你的身份
    .name = 你用的名字
    .listen = 监听的地址；可以写多次
    .api = 本地 API 监听的地址；端口 0 表示任选一个空闲的
    .seed_peer = 最先连接的对等节点；会记住
    .no_mdns = 不在家庭网络中寻找对等节点
    .no_gossip = 不使用快速传播；仅供测试
    .clock_ahead = 使用比本机快的时钟；仅供测试
    .until_eof = 标准输入结束时停止；使节点随启动它的程序一起结束
    .passphrase_file = 口令文件，第一行用来打开密钥；- 表示标准输入
    .examples =
        示例：
        {"  "}haat up --name Chen
        {"  "}haat up --listen /ip4/0.0.0.0/tcp/0 --seed-peer /ip4/203.0.113.9/tcp/4001/p2p/12D3…

        它会一直运行，直到按 Ctrl-C 或运行 `haat down`。如果给出 HAAT_PASSPHRASE 或 --passphrase-file，
        密钥就用它封存。
        固定不变的设置写在 `haat config path` 显示的文件里；命令行选项优先于文件。

help-down = 平稳地停止节点
    .examples =
        示例：
        {"  "}haat down

help-demo = 在本机建一个小镇，过一天的买卖日子
    .nodes = 有几位邻居，3 到 12
    .rng_seed = 谁说什么、怎么说；同一个数字讲同一个故事
    .headless = 演完这一天，输出总结后结束；有一步没有实现就算失败
    .keep = 把小镇建在这个空目录里，并保留各个主目录
    .examples =
        示例：
        {"  "}haat demo
        {"  "}haat demo --nodes 8 --rng-seed 7
        {"  "}haat demo --headless --json

        每位邻居都是一个独立的节点，有自己的主目录。一步要从另一位邻居的节点读回来才算数。

help-seed = 运行一个种子节点：让无法直接连通的朋友在这里相遇
    .listen = 监听的地址；可以写多次
    .external_addr = 别人用来访问它的地址；可以写多次
    .api = 本地 API 监听的地址；端口 0 表示任选一个空闲的
    .passphrase_file = 口令文件，第一行用来打开密钥；- 表示标准输入
    .tape = 记下种子节点能读到的每个字节；仅供测试
    .examples =
        示例：
        {"  "}haat --home seed seed
        {"  "}haat --home seed seed --listen /ip4/0.0.0.0/tcp/4001 --external-addr /ip4/203.0.113.9/tcp/4001

        种子节点不属于任何圈子，也不保存任何内容。它需要单独的主目录，以及一个别人能访问的地址；
        它看得到谁在何时、从哪里询问，但从不知道说了什么。

help-status = 节点的情况：对等节点、圈子、待发的内容

help-id = 你在别人眼中是谁：身份、设备、对等节点
    .examples =
        示例：
        {"  "}haat id --json

help-peer = 与你的节点通信的机器

help-peer-list = 已知的对等节点，以及是否已连接
    .limit = 最多多少条（默认 1000）
    .after = 上一页结束的位置

help-peer-add = 记住一个对等节点的地址并连接
    .address = 地址，以 /p2p/… 结尾

help-log = 你的节点自己的记录，只增不改
    .examples =
        示例：
        {"  "}haat log verify
        {"  "}haat --home /backup/haat log rebuild

        无论节点在运行还是已停止，两者都能用。

help-log-verify = 重新检查链、签名和视图
    .passphrase_file = 口令文件，第一行用来打开已停止节点的密钥；- 表示标准输入

help-log-rebuild = 重新派生全部视图
    .passphrase_file = 口令文件，第一行用来打开已停止节点的密钥；- 表示标准输入

## Circles and people

help-circle = 朋友的圈子：在里面说的和卖的只有成员看得到

help-circle-create = 创建一个圈子
    .name = 圈子的名字
    .norms = 规范：JSON 文件，`-` 表示标准输入

help-circle-list = 你的圈子

help-circle-show = 一个圈子：成员、店铺、规则
    .circle = 圈子的名字或 id

help-circle-invite = 创建一个让人加入的邀请码
    .circle = 圈子的名字或 id
    .uses = 可以让几个人加入（默认 1）
    .expires = 有效期多长（默认 7d）

help-circle-join = 用别人给你的邀请码加入
    .code = 邀请码

help-circle-norms = 查看圈子的规范，或从文件设定新规范
    .circle = 圈子的名字或 id
    .file = 写有要修改的规范的 JSON 文件，`-` 表示标准输入

help-circle-requests = 谁申请加入，正等待批准
    .circle = 圈子的名字或 id
    .limit = 最多多少条（默认 1000）
    .after = 上一页结束的位置

help-circle-approve = 批准某人的加入申请
    .circle = 圈子的名字或 id
    .person = 批准谁

help-circle-decline = 拒绝某人的加入申请
    .circle = 圈子的名字或 id
    .person = 拒绝谁
    .reason = 理由，一句话

help-circle-invites = 圈子的邀请
    .circle = 圈子的名字或 id
    .limit = 最多多少条（默认 1000）
    .after = 上一页结束的位置

help-circle-revoke-invite = 撤回一个邀请：不再有人能用它加入
    .code = 邀请码

help-circle-leave = 离开圈子；已有的内容仍留在本机
    .circle = 圈子的名字或 id

help-circle-role = 让某人成为圈主、管事或成员
    .circle = 圈子的名字或 id
    .person = 谁
    .role = `owner`（圈主）、`steward`（管事）或 `member`（成员）

help-circle-remove = 移出一个成员；圈子的密钥随之更换
    .circle = 圈子的名字或 id
    .person = 移出谁

help-people = 和你同在一个圈子的人
    .circle = 只看这个圈子
    .limit = 最多多少条（默认 1000）
    .after = 上一页结束的位置

help-petname = 给某人起一个备注名；别人看不到
    .person = 对方的名字或 id
    .name = 备注名；留空则去掉
    .examples =
        示例：
        {"  "}haat petname lin 'Aunt Lin'
        {"  "}haat petname 3fa9 ''      去掉备注名

help-block = 隐藏某人的一切，不再接受其新订单；对方不会得知
    .person = 对方的名字或 id
    .examples =
        示例：
        {"  "}haat block lin
        {"  "}haat people      显示你拉黑了谁

help-unblock = 重新显示被拉黑的人
    .person = 对方的名字或 id

help-mute = 在你的动态里隐藏某人说的话；对方不会得知
    .person = 对方的名字或 id

help-unmute = 重新显示被静音的人说的话
    .person = 对方的名字或 id

help-vouch = 在圈子里为某人担保
    .person = 对方的名字或 id
    .circle = 在哪个圈子里说
    .weight = 你和对方有多熟
    .text = 理由
    .examples =
        示例：
        {"  "}haat vouch lin --circle 'Lane 12' --weight friend --text '十年的老邻居'

help-unvouch = 收回担保
    .person = 对方的名字或 id
    .circle = 当初在哪个圈子里说的
    .examples =
        示例：
        {"  "}haat unvouch lin --circle 'Lane 12'

help-trust = 一个人或一件商品的卖家是否值得信任，以及为什么
    .subject = 一个人或一件商品

## Shops and listings

help-shop = 店铺：你自己的，以及分享到你圈子里的
    .examples =
        示例：
        {"  "}haat shop create Hill --currency CNY --returns '7 days' --pickup 'North gate'
        {"  "}haat shop create Hill --currency CNY --returns '7 days' --ship CN=8.00 --pay 'transfer:before:ICBC 6222…'
        {"  "}haat shop create Hof --currency EUR --returns '14 days' --ship DE=4.90 --pay 'epc:before:Chen Tea, DE89 3704 0044 0532 0130 00'
        {"  "}haat shop share Hill --circle 'Lane 12'
        {"  "}haat shop unshare Hill --circle 'Lane 12'
        {"  "}haat shop desk Hill
        {"  "}haat shop edit Hill --returns '14 days'
        {"  "}haat shop undo Hill
        {"  "}haat shop watch products.csv --shop Hill

        付款说明可以是任意文字。epc（NAME, IBAN[, BIC]）、upi（ADDRESS[, NAME]）和 bitcoin（ADDRESS[, NAME]）
        会给买家生成二维码。

help-shop-create = 开一家店铺
    .name = 店铺的名字
    .currency = 所有价格的货币，例如 CNY 或 EUR
    .returns = 买家退货时怎么处理
    .pickup = 买家可以自提的地点；可以写多次
    .ship = 寄送到哪里、运费多少；可以写多次
    .digital = 货品是文件，用 `haat order deliver-digital` 交付
    .pay = 买家怎样付款、何时付款（before、on-delivery、after）；可以写多次

help-shop-list = 你知道的店铺
    .limit = 最多多少条（默认 1000）
    .after = 上一页结束的位置

help-shop-show = 一家店铺
    .shop = 店铺的名字或 id

help-shop-share = 把店铺分享给一个圈子
    .shop = 店铺的名字或 id
    .circle = 分享到哪个圈子

help-shop-edit = 重新写明店铺的条款：没写的保持不变，名字和货币永远不变
    .shop = 店铺的名字或 id
    .returns = 买家退货时怎么处理
    .pickup = 买家可以自提的地点；所有交付方式都要重新写明
    .ship = 寄送到哪里、运费多少；所有交付方式都要重新写明
    .digital = 货品是文件
    .pay = 买家怎样付款、何时付款；所有付款方式都要重新写明
    .examples =
        示例：
        {"  "}haat shop edit Hill --returns '14 days, unopened'
        {"  "}haat shop edit Hill --pickup 'North gate' --ship CN=9.00

        自带条款的商品保持自己的条款，已有的订单也一样。`haat shop undo` 撤回的是商品内容，不是条款。

help-shop-undo = 撤回对店铺商品的上一次导入或编辑；再运行一次就再往前一步
    .shop = 店铺的名字或 id
    .long = 什么都不会抹去：你签名的内容仍在你的日志里，也在所有持有者的日志里。撤回是重新写明之前的内容，并下架新增的商品。已售出的仍是已售出，之后又以别的方式改过的商品保持原样。只能撤回这台设备所做的改动。

help-shop-watch = 留意一个商品目录文件：每有改动就显示会变更什么，按回车发布
    .file = 文件
    .shop = 店铺的名字或 id
    .format = 文件的格式
    .currency = 价格的货币；默认是店铺的货币
    .yes = 不询问，立即发布
    .long = 按 Ctrl-C 结束。误发布的内容可用 `haat shop undo` 撤回。
    .examples =
        示例：
        {"  "}haat shop watch products.csv --shop Hill
        {"  "}haat shop watch products.csv --shop Hill --yes

        回车或 y 发布显示的变更，n 则放着不动，直到文件再次改动。

help-shop-unshare = 从圈子收回店铺：已看到的无法收回，新的不会再出现
    .shop = 店铺的名字或 id
    .circle = 从哪个圈子收回

help-shop-desk = 指定你的柜台设备，由它掌管库存并答复订单：默认是本设备，--to 可指定另一台
    .shop = 店铺的名字或 id
    .to = 设备的 id，或它的开头

help-listing = 出售的商品

help-listing-add = 添加一件商品
    .shop = 加到哪家店铺
    .title = 标题，1 到 140 个字符
    .price = 单价，写成 39.00 的样子
    .description = 说明，纯文本
    .stock = 有多少件；不写则不计库存
    .sku = 你自己的商品编号
    .pickup = 买家可以自提的地点；默认与店铺相同
    .ship = 寄送到哪里、运费多少；默认与店铺相同
    .digital = 它是一个文件
    .expires = 此后不能再下单：日期、时刻，或 30d 这样的时长

help-listing-import = 导入商品目录文件；重复导入同一文件不会改变什么
    .file = 文件；- 表示标准输入
    .shop = 导入到哪家店铺
    .format = 文件的格式
    .currency = 文件没有写明时价格的货币；默认是店铺的货币
    .encoding = 文字的编码，例如 gbk、big5 或 windows-1252；不写则自动判断
    .dry_run = 只显示会变更什么
    .partial = 即使有的行被拒绝，也导入合格的行

help-listing-export = 把店铺的商品写入文件；再导入不会改变什么
    .shop = 哪家店铺
    .format = 文件的格式：haat（表格）和 json 包含全部内容，shopify 只含它有的列
    .file = 写到哪里；默认是标准输出

help-listing-list = 你看得到的商品
    .circle = 只看分享到这个圈子的
    .shop = 只看这家店铺的
    .limit = 最多多少条（默认 1000）
    .after = 上一页结束的位置

help-listing-show = 一件商品，连同款式和条款
    .listing = 商品的标题或 id

help-listing-edit = 修改一件商品，或店铺中所有符合条件的商品：没写的保持不变
    .listing = 商品的标题或 id
    .shop = 这家店铺的所有商品
    .matching = 与 --shop 一起用：只限标题含有这些字的商品
    .tag_is = 与 --shop 一起用：只限带有这个标签的商品
    .title = 标题，1 到 140 个字符
    .description = 说明，纯文本；留空则去掉
    .price = 单价，写成 39.00 的样子，或价格的增减：+5%、-10%、+1.50、-0.50
    .stock = 现有多少件，或写 uncounted（不计库存）
    .sku = 哪个款式；有多个款式时必填，除非是一起调整所有款式的价格
    .pickup = 买家可以自提的地点；所有交付方式都要重新写明
    .ship = 寄送到哪里、运费多少；所有交付方式都要重新写明
    .digital = 它是一个文件
    .returns = 买家退货时怎么处理；留空则与店铺相同
    .expires = 此后不能再下单：日期、时刻、30d 这样的时长，或 never（永不）
    .tag = 标签；所有标签都要重新写明，留空则全部去掉
    .dry_run = 只显示会变更什么
    .yes = 一次修改多件商品时不先询问
    .long = 以前发布的内容永远留在你的日志里；`haat shop undo` 会重新写明编辑之前的内容。

help-listing-stock = 写明现在有多少件；为订单预留的也算在内
    .listing = 商品的标题或 id
    .sku = 哪个款式；有多个款式时必填
    .stock = 现有多少件，或写 uncounted（不计库存）

help-listing-withdraw = 下架一件商品
    .listing = 商品的标题或 id

## What people say

help-post = 在圈子里发帖
    .circle = 发到哪个圈子
    .text = 说什么
    .listing = 帖子指向的商品；可以写多次
    .reply_to = 回复的条目

help-recommend = 在圈子里推荐一件商品，并说明你的所得
    .listing = 推荐什么
    .circle = 在哪个圈子
    .text = 理由
    .interest = 你从中得到什么
    .examples =
        示例：
        {"  "}haat recommend 'Green tea' --circle 'Lane 12' --text '买过两次' --interest none

help-retract = 撤回你说过的话，请所有人将它删去
    .entry = 条目
    .examples =
        示例：
        {"  "}haat retract 3fa9

help-feed = 大家说的话，最新的在前，以及为什么可信
    .circle = 只看这个圈子
    .limit = 最多多少条（默认 50）
    .after = 上一页结束的位置
    .follow = 持续显示新内容，旧的在前；与 --json 一起用时每行一条

help-notices = 等你答复的事，期限最近的在前
    .limit = 最多多少条（默认 1000）
    .after = 上一页结束的位置

## Orders

help-order = 一步一步地买和卖

help-order-offer = 出价购买，或用自己的商品向某人出价
    .listing = 一件商品，或指向商品的帖子或推荐
    .sku = 哪个款式；有多个款式时必填
    .qty = 数量（默认 1）
    .price = 你提议的货品总价；默认按标价
    .valid = 出价的有效期（默认 2d）
    .delivery = 你怎样拿到货；默认是卖家的第一种方式
    .pay = 你何时付款
    .method = 你怎样付款，例如 cash 或 transfer
    .note = 给对方的留言
    .lines = 同一家店铺的又一行
    .adjust = 价格调整：优惠、税
    .to = 用自己店铺的商品出价时，向谁出价
    .address_file = 寄到哪里：写有地址和电话的文件。只有卖家会收到，且在谈妥之后
    .resolver = 你们有分歧时由谁裁决
    .examples =
        示例：
        {"  "}haat order offer 'Green tea' --qty 2
        {"  "}haat order offer 3fa9 --sku GT-100 --qty 2 --price 15.00 --delivery pickup --pay on-delivery --method cash

        如果用帖子或推荐代替商品，就会记下是它把你引来的。

help-order-counter = 用别的条款还价
    .order = 订单 id，写出能唯一识别的开头即可
    .price = 你提议的货品总价
    .qty = 改成别的数量
    .lines = 有多行时，改其中一行的数量，行从 1 开始数
    .adjust = 价格调整：优惠、税
    .delivery = 改用卖家提供的另一种交付方式
    .address_file = 改寄到哪里：写有地址和电话的文件。只有卖家会收到，且在谈妥之后
    .valid = 还价的有效期（默认 2d）

help-order-accept = 接受对方的提议
    .order = 订单 id，写出能唯一识别的开头即可

help-order-reject = 拒绝对方的提议
    .order = 订单 id，写出能唯一识别的开头即可
    .reason = 理由

help-order-withdraw = 撤回自己的提议
    .order = 订单 id，写出能唯一识别的开头即可

help-order-expire = 行使期限过后你可以行使的权利
    .order = 订单 id，写出能唯一识别的开头即可

help-order-pay = 要付多少、怎样付；加上 --reference 则声明你已付款
    .order = 订单 id，写出能唯一识别的开头即可
    .reference = 你付款时用的附言
    .amount = 你付了多少；默认是剩余全部
    .examples =
        示例：
        {"  "}haat order pay 3fa9                                 付多少、付给谁、用什么附言
        {"  "}haat order pay 3fa9 --reference HAAT3FA9C04E77B1    你已全部付清
        {"  "}haat order pay 3fa9 --reference T-81 --amount 5.00  你付了一部分

        Haat 不经手钱款：请用银行、钱包或现金付款，然后在这里声明。

help-order-confirm-payment = 确认已收到款
    .order = 订单 id，写出能唯一识别的开头即可
    .amount = 多少；默认是剩余全部

help-order-deny-payment = 声明没有收到款
    .order = 订单 id，写出能唯一识别的开头即可
    .reason = 你为什么这样认为

help-order-waive = 免除付款
    .order = 订单 id，写出能唯一识别的开头即可

help-order-start = 开始备货
    .order = 订单 id，写出能唯一识别的开头即可

help-order-ship = 声明货品已寄出
    .order = 订单 id，写出能唯一识别的开头即可
    .carrier = 由谁承运
    .tracking = 运单号
    .lines = 只寄某一行的若干件，行从 1 开始数；默认是剩余全部

help-order-ready = 声明货品可以自提
    .order = 订单 id，写出能唯一识别的开头即可

help-order-receive = 声明你已收到货
    .order = 订单 id，写出能唯一识别的开头即可
    .code = 交接时卖家告诉你的交接码

help-order-complete = 声明一切妥当
    .order = 订单 id，写出能唯一识别的开头即可

help-order-cancel = 取消订单
    .order = 订单 id，写出能唯一识别的开头即可

help-order-refund = 声明你已退款
    .order = 订单 id，写出能唯一识别的开头即可
    .reference = 退款的附言
    .amount = 多少；默认是剩余全部

help-order-confirm-refund = 确认已收到退款
    .order = 订单 id，写出能唯一识别的开头即可

help-order-close-defaulted = 了结对方没有履行的订单
    .order = 订单 id，写出能唯一识别的开头即可

help-order-request-cancel = 请对方同意取消订单
    .order = 订单 id，写出能唯一识别的开头即可
    .reason = 理由

help-order-return = 请求退货
    .order = 订单 id，写出能唯一识别的开头即可
    .reason = 理由

help-order-return-received = 声明退货已收到
    .order = 订单 id，写出能唯一识别的开头即可
    .spoilt = 退回的货品不能再卖

help-order-agree = 同意对方最近的请求：取消、退货、和解
    .order = 订单 id，写出能唯一识别的开头即可

help-order-refuse = 不同意对方最近的请求
    .order = 订单 id，写出能唯一识别的开头即可
    .reason = 理由

help-order-dispute = 提出争议：声明你不认同发生的事
    .order = 订单 id，写出能唯一识别的开头即可
    .claim = 你的主张

help-order-settle = 提议和解一个争议
    .order = 订单 id，写出能唯一识别的开头即可
    .refund = 退给买家多少；0 表示不退

help-order-decide = 裁决条款指定由你裁决的争议，或交入裁决人的裁决词
    .what = 订单，或一方给你的证据文件
    .refund = 退给买家多少；0 表示不退
    .reason = 理由
    .word = 裁决人签名的裁决词
    .examples =
        示例：
        {"  "}haat order decide 3fa9 --refund 4.00 --reason 'half was green'        （裁决人，争议已送达其节点）
        {"  "}haat order decide proof.haat --refund 4.00 --reason 'half was green'  （裁决人，用 `haat order export` 的文件）
        {"  "}haat order decide 3fa9 --word WORD                                    （任何一方，当没有节点送来裁决词时）

help-order-perform = 声明你已按裁决履行
    .order = 订单 id，写出能唯一识别的开头即可
    .reference = 付款的附言

help-order-handover = 让你的另一台设备接着处理订单
    .order = 订单 id，写出能唯一识别的开头即可
    .to = 哪一台，当你还有好几台别的设备时

help-order-address = 显示寄送地址；给出文件则填写地址：只有卖家会收到
    .order = 订单 id，写出能唯一识别的开头即可
    .file = 写有地址和电话的文件；- 表示标准输入

help-order-deliver-digital = 电子交付：把作为货品的文件交给买家
    .order = 订单 id，写出能唯一识别的开头即可
    .file = 文件，最大 48 KiB；- 表示标准输入

help-order-purge = 销毁已结束订单的地址和文件；对方记下的不受影响
    .order = 订单 id，写出能唯一识别的开头即可

help-order-save = 保存交付给你的文件
    .order = 订单 id，写出能唯一识别的开头即可
    .file = 写到哪里；- 表示标准输出

help-order-say = 给对方留言
    .order = 订单 id，写出能唯一识别的开头即可
    .text = 留言的内容

help-order-list = 你的订单：需要你处理的在前
    .state = 只看这种状态的
    .role = 只看你作为这一方的
    .limit = 最多多少条（默认 1000）
    .after = 上一页结束的位置

help-order-show = 一个订单：条款、事件、你现在可以做什么
    .order = 订单 id，写出能唯一识别的开头即可

help-order-export = 把订单的证据写入证据文件
    .order = 订单 id，写出能唯一识别的开头即可
    .file = 文件；- 表示标准输出
    .personal = 连同地址，如果这里有的话

help-order-verify = 检查证据文件；不需要节点和网络
    .file = 文件；- 表示标准输入

help-review = 评价订单的另一方；再次评价即为修改
    .order = 订单
    .rating = 评分，1 到 5
    .text = 你想说的话
    .circle = 在哪个圈子；默认是带来这个订单的推荐所在的圈子
    .examples =
        示例：
        {"  "}haat review 3fa9 --rating 5 --text '好茶'

help-review-reply = 回复一条关于你的评价
    .entry = 评价
    .text = 回复的内容
    .examples =
        示例：
        {"  "}haat review-reply 3fa9 --text '谢谢'

## The machine

help-doctor = 检查妨碍节点正常工作的问题，并告诉你怎么办
    .examples =
        示例：
        {"  "}haat doctor
        {"  "}haat doctor --json

        节点停止时也能用。无论查出什么，退出码都是 0。

help-config = 节点的设置；命令行优先于环境变量（HAAT_…），环境变量优先于文件，文件优先于默认值
    .examples =
        示例：
        {"  "}haat config show --origin
        {"  "}haat config set name Chen
        {"  "}haat config set listen /ip4/0.0.0.0/tcp/4001

        正在运行的节点下次启动时才会采用新的设置；color 和 language 立即生效。

help-config-show = 每项设置当前的值
    .origin = 每个值来自哪里

help-config-get = 一项设置当前的值
    .named = 设置的名称

help-config-set = 在文件中写入一项设置；文件中的注释保留
    .named = 设置的名称
    .value = 值；列表可以写多个

help-config-path = 配置文件的位置

help-config-template = 一份列出全部设置及其作用的文件

help-completions = 一段脚本，让你的 shell 能补全命令和选项
    .shell = 哪种 shell
    .names = 也补全名字，会询问你的节点
    .examples =
        示例：
        {"  "}haat completions bash > ~/.local/share/bash-completion/completions/haat
        {"  "}haat completions fish > ~/.config/fish/completions/haat.fish
        {"  "}source <(haat completions bash --names)      写在 ~/.bashrc 里

        加上 --names，人、圈子、店铺、商品和订单的名字也能补全：脚本询问 haat，haat 再询问
        HAAT_HOME 或默认主目录的节点，最多等 50 毫秒。这样的脚本只适用于当前版本的 haat：
        请在每次启动 shell 时重新生成。

help-man = man 的手册页；加上 --dir 则为每个命令写一页
    .dir = 把每个命令的手册页写到这个目录

help-explain = 错误代码的含义，以及怎么办
    .code = 代码，即 --json 下错误中的 `code`；不写则列出全部
    .examples =
        示例：
        {"  "}haat explain out-of-stock
        {"  "}haat explain             列出全部代码

        --json 会显示错误的代码。

help-token = 你的其他程序与这个节点通信所用的令牌
    .examples =
        示例：
        {"  "}haat token create shelf --scope sell
        {"  "}haat token create screen --scope read --expires 4w
        {"  "}haat token list
        {"  "}haat token revoke shelf

help-token-create = 新建一个令牌；只在此时显示一次
    .name = 给它起的名字
    .scope = 范围有多大：read 查询和收听，sell 还能打理店铺，admin 什么都能做
    .expires = 多久有效（默认直到撤回）

help-token-list = 已建的令牌

help-token-revoke = 撤回一个令牌：从现在起不再接受它
    .name = 它的名字
