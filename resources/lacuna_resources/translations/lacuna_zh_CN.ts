<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>About</name>
    <message>
        <source>About Lacuna</source>
        <translation>关于 Lacuna</translation>
    </message>
    <message>
        <source>Transfer manager for libvirt storage pools: moves disk images, sends only what is data, proves what arrived.</source>
        <translation>libvirt 存储池传输管理器：搬运磁盘镜像，只发送真正的数据，并验证送达的内容。</translation>
    </message>
    <message>
        <source>Apache License 2.0</source>
        <translation>Apache 许可证 2.0</translation>
    </message>
</context>
<context>
    <name>Actions</name>
    <message>
        <source>&amp;New connection…</source>
        <translation>新建连接(&amp;N)…</translation>
    </message>
    <message>
        <source>Add a connection to a libvirt daemon</source>
        <translation>添加到 libvirt 守护进程的连接</translation>
    </message>
    <message>
        <source>&amp;Connect</source>
        <translation>连接(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Disconnect</source>
        <translation>断开连接(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Edit…</source>
        <translation>编辑(&amp;E)…</translation>
    </message>
    <message>
        <source>D&amp;uplicate…</source>
        <translation>复制为新连接(&amp;U)…</translation>
    </message>
    <message>
        <source>Mo&amp;ve up</source>
        <translation>上移(&amp;V)</translation>
    </message>
    <message>
        <source>Move d&amp;own</source>
        <translation>下移(&amp;O)</translation>
    </message>
    <message>
        <source>De&amp;lete connection…</source>
        <translation>删除连接(&amp;L)…</translation>
    </message>
    <message>
        <source>&amp;Import connections…</source>
        <translation>导入连接(&amp;I)…</translation>
    </message>
    <message>
        <source>De&amp;fine pool…</source>
        <translation>定义存储池(&amp;F)…</translation>
    </message>
    <message>
        <source>&amp;Start</source>
        <translation>启动(&amp;S)</translation>
    </message>
    <message>
        <source>S&amp;top…</source>
        <translation>停止(&amp;T)…</translation>
    </message>
    <message>
        <source>&amp;Refresh</source>
        <translation>刷新(&amp;R)</translation>
    </message>
    <message>
        <source>Have the daemon read the pool again</source>
        <translation>让守护进程重新读取存储池</translation>
    </message>
    <message>
        <source>Start with the &amp;host</source>
        <translation>随主机启动(&amp;H)</translation>
    </message>
    <message>
        <source>Pool &amp;details…</source>
        <translation>存储池详情(&amp;D)…</translation>
    </message>
    <message>
        <source>&amp;Undefine…</source>
        <translation>取消定义(&amp;U)…</translation>
    </message>
    <message>
        <source>&amp;Upload…</source>
        <translation>上传(&amp;U)…</translation>
    </message>
    <message>
        <source>Send image files to this pool</source>
        <translation>将镜像文件发送到此存储池</translation>
    </message>
    <message>
        <source>&amp;Download…</source>
        <translation>下载(&amp;D)…</translation>
    </message>
    <message>
        <source>Save the selected volumes as files</source>
        <translation>将所选卷保存为文件</translation>
    </message>
    <message>
        <source>&amp;New volume…</source>
        <translation>新建卷(&amp;N)…</translation>
    </message>
    <message>
        <source>Create an empty volume</source>
        <translation>创建一个空卷</translation>
    </message>
    <message>
        <source>&amp;Clone…</source>
        <translation>克隆(&amp;C)…</translation>
    </message>
    <message>
        <source>Copy &amp;to pool…</source>
        <translation>复制到存储池(&amp;T)…</translation>
    </message>
    <message>
        <source>&amp;Resize…</source>
        <translation>调整大小(&amp;R)…</translation>
    </message>
    <message>
        <source>&amp;Wipe…</source>
        <translation>擦除(&amp;W)…</translation>
    </message>
    <message>
        <source>De&amp;lete…</source>
        <translation>删除(&amp;L)…</translation>
    </message>
    <message>
        <source>Volume d&amp;etails…</source>
        <translation>卷详情(&amp;E)…</translation>
    </message>
    <message>
        <source>Copy na&amp;me</source>
        <translation>复制名称(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;Paste files</source>
        <translation>粘贴文件(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Filter volumes</source>
        <translation>筛选卷(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Start now</source>
        <translation>立即开始(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Pause</source>
        <translation>暂停(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Resume</source>
        <translation>继续(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>取消(&amp;C)</translation>
    </message>
    <message>
        <source>Re&amp;try</source>
        <translation>重试(&amp;T)</translation>
    </message>
    <message>
        <source>Move &amp;down</source>
        <translation>下移(&amp;D)</translation>
    </message>
    <message>
        <source>Mo&amp;ve to the top</source>
        <translation>移到最前(&amp;V)</translation>
    </message>
    <message>
        <source>Limit total sp&amp;eed…</source>
        <translation>限制总速度(&amp;E)…</translation>
    </message>
    <message>
        <source>Re&amp;move from list</source>
        <translation>从列表中移除(&amp;M)</translation>
    </message>
    <message>
        <source>Move &amp;up</source>
        <translation>上移(&amp;U)</translation>
    </message>
    <message>
        <source>Move to the &amp;bottom</source>
        <translation>移到最后(&amp;B)</translation>
    </message>
    <message>
        <source>&amp;Higher priority</source>
        <translation>提高优先级(&amp;H)</translation>
    </message>
    <message>
        <source>Lo&amp;wer priority</source>
        <translation>降低优先级(&amp;W)</translation>
    </message>
    <message>
        <source>&amp;Limit speed…</source>
        <translation>限制速度(&amp;L)…</translation>
    </message>
    <message>
        <source>Open &amp;folder</source>
        <translation>打开文件夹(&amp;F)</translation>
    </message>
    <message>
        <source>Cop&amp;y details</source>
        <translation>复制详情(&amp;Y)</translation>
    </message>
    <message>
        <source>Pause &amp;all</source>
        <translation>全部暂停(&amp;A)</translation>
    </message>
    <message>
        <source>Stop all transfers and start none until this is switched off</source>
        <translation>停止所有传输，关闭此项之前不再开始新的传输</translation>
    </message>
    <message>
        <source>Limit the speed of all transfers together</source>
        <translation>限制所有传输合计的速度</translation>
    </message>
    <message>
        <source>Clear fi&amp;nished</source>
        <translation>清除已完成项(&amp;N)</translation>
    </message>
    <message>
        <source>Go to &amp;connections</source>
        <translation>转到连接(&amp;C)</translation>
    </message>
    <message>
        <source>Go to &amp;volumes</source>
        <translation>转到卷(&amp;V)</translation>
    </message>
    <message>
        <source>Go to &amp;transfers</source>
        <translation>转到传输(&amp;T)</translation>
    </message>
    <message>
        <source>Go to the extent &amp;map</source>
        <translation>转到区段图(&amp;M)</translation>
    </message>
    <message>
        <source>Show &amp;sidebar</source>
        <translation>显示侧边栏(&amp;S)</translation>
    </message>
    <message>
        <source>Show t&amp;ransfers</source>
        <translation>显示传输(&amp;R)</translation>
    </message>
    <message>
        <source>Show &amp;extent map</source>
        <translation>显示区段图(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;Preferences…</source>
        <translation>首选项(&amp;P)…</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>退出(&amp;Q)</translation>
    </message>
    <message>
        <source>&amp;Keyboard shortcuts</source>
        <translation>键盘快捷键(&amp;K)</translation>
    </message>
    <message>
        <source>Copy &amp;diagnostics</source>
        <translation>复制诊断信息(&amp;D)</translation>
    </message>
    <message>
        <source>Copy versions and the last errors, without any names</source>
        <translation>复制版本信息和最近的错误，不含任何名称</translation>
    </message>
    <message>
        <source>&amp;About Lacuna</source>
        <translation>关于 Lacuna(&amp;A)</translation>
    </message>
</context>
<context>
    <name>Advice</name>
    <message>
        <source>It may have been removed.</source>
        <translation>它可能已被移除。</translation>
    </message>
    <message>
        <source>Refresh the list: it may have been removed.</source>
        <translation>请刷新列表：它可能已被移除。</translation>
    </message>
    <message>
        <source>Choose another name, or say that it may be replaced or skipped.</source>
        <translation>请换一个名称，或允许替换或跳过。</translation>
    </message>
    <message>
        <source>Do not ask to keep the old content, or upload it under another name.</source>
        <translation>请不要选择保留旧内容，或以其他名称上传。</translation>
    </message>
    <message>
        <source>Make room in the pool, or do not ask to keep the old content: then it is given up first.</source>
        <translation>请在存储池中腾出空间，或不要选择保留旧内容：这样会先放弃旧内容。</translation>
    </message>
    <message>
        <source>Shut it down first. If you ask for it, it is written to all the same, which destroys what the machine has on it.</source>
        <translation>请先将其关机。如果您坚持，仍会写入该卷，这将毁掉虚拟机在其中的数据。</translation>
    </message>
    <message>
        <source>Try again to start over, which gives up what has arrived.</source>
        <translation>重试将从头开始，并放弃已送达的内容。</translation>
    </message>
    <message>
        <source>Choose the format as detected, or raw to send it as it is.</source>
        <translation>请选择自动识别的格式，或选择 raw 按原样发送。</translation>
    </message>
    <message>
        <source>Both sides are kept. Start the transfer again, and let it replace what is there.</source>
        <translation>两端都会保留。请重新开始传输，并允许替换已有的内容。</translation>
    </message>
    <message>
        <source>Start the pool {0} first.</source>
        <translation>请先启动存储池 {0}。</translation>
    </message>
    <message>
        <source>Write auth=sasl, sasl.NAME or polkit.</source>
        <translation>请写成 auth=sasl、sasl.NAME 或 polkit。</translation>
    </message>
    <message>
        <source>Your user may not manage libvirt here. Ask to be added to the group &apos;libvirt&apos; and log in again; or let the polkit agent of your desktop ask for a password; or use your own daemon, qemu:///session.</source>
        <translation>您的用户无权管理本机的 libvirt。请申请加入 libvirt 组后重新登录；或让桌面环境的 polkit 代理询问密码；或使用您自己的守护进程 qemu:///session。</translation>
    </message>
    <message>
        <source>Your user may not manage libvirt there, and nobody can be asked for a password over SSH. Ask to be added to the group &apos;libvirt&apos; on that host, or log in as root@HOST.</source>
        <translation>您的用户无权管理那里的 libvirt，而通过 SSH 又无法询问密码。请申请加入该主机的 libvirt 组，或以 root@HOST 登录。</translation>
    </message>
    <message>
        <source>Your user may not manage libvirt there. Ask to be added to the group &apos;libvirt&apos; and log in again, or use a connection as root or the session connection.</source>
        <translation>您的用户无权管理那里的 libvirt。请申请加入 libvirt 组后重新登录，或以 root 身份连接，或使用会话连接。</translation>
    </message>
    <message>
        <source>Your user may not manage libvirt here. Ask to be added to the group &apos;libvirt&apos; and log in again, or use the session connection (qemu:///session).</source>
        <translation>您的用户无权管理本机的 libvirt。请申请加入 libvirt 组后重新登录，或使用会话连接（qemu:///session）。</translation>
    </message>
    <message>
        <source>Ask to be added to the group &apos;libvirt&apos; on that host, or log in as root (qemu+ssh://root@host/system).</source>
        <translation>请申请加入该主机的 libvirt 组，或以 root 登录（qemu+ssh://root@host/system）。</translation>
    </message>
    <message>
        <source>A slow disk can stall the whole daemon; it may answer later.</source>
        <translation>缓慢的磁盘可能会拖住整个守护进程；它稍后也许会应答。</translation>
    </message>
    <message>
        <source>The daemon may be stalled by a slow disk, or is no libvirt daemon.</source>
        <translation>守护进程可能被缓慢的磁盘拖住，或者它不是 libvirt 守护进程。</translation>
    </message>
    <message>
        <source>Check the port: 16509 is plain TCP, 16514 TLS. The daemon may also have too many clients; its log says so.</source>
        <translation>请检查端口：16509 是普通 TCP，16514 是 TLS。守护进程的客户端也可能过多，其日志会有说明。</translation>
    </message>
    <message>
        <source>The network may be down or the host asleep.</source>
        <translation>网络可能中断，或主机处于休眠状态。</translation>
    </message>
    <message>
        <source>Use TLS with a certificate that is checked, or SSH.</source>
        <translation>请使用会校验证书的 TLS，或使用 SSH。</translation>
    </message>
    <message>
        <source>Known are {0}.</source>
        <translation>已知的有 {0}。</translation>
    </message>
    <message>
        <source>Known ones: {0}.</source>
        <translation>已知的有：{0}。</translation>
    </message>
    <message>
        <source>Known modes: auto, direct, legacy.</source>
        <translation>已知的模式：auto、direct、legacy。</translation>
    </message>
    <message>
        <source>Known transports: {0}.</source>
        <translation>已知的传输方式：{0}。</translation>
    </message>
    <message>
        <source>Supported now: {0}.</source>
        <translation>目前支持：{0}。</translation>
    </message>
    <message>
        <source>Aliases in libvirt.conf: {0}.</source>
        <translation>libvirt.conf 中的别名：{0}。</translation>
    </message>
    <message>
        <source>Get one with kinit, use SSH, or have scram-sha-256 added to mech_list in the daemon&apos;s /etc/sasl2/libvirt.conf.</source>
        <translation>请用 kinit 获取票据，或使用 SSH，或请人在守护进程的 /etc/sasl2/libvirt.conf 的 mech_list 中加入 scram-sha-256。</translation>
    </message>
    <message>
        <source>The daemon&apos;s administrator sets them with mech_list in /etc/sasl2/libvirt.conf.</source>
        <translation>它们由守护进程的管理员在 /etc/sasl2/libvirt.conf 的 mech_list 中设定。</translation>
    </message>
    <message>
        <source>Use TLS or SSH.</source>
        <translation>请使用 TLS 或 SSH。</translation>
    </message>
    <message>
        <source>Use TLS or SSH rather than plain TCP.</source>
        <translation>请使用 TLS 或 SSH，而不是普通 TCP。</translation>
    </message>
    <message>
        <source>Use TLS or SSH, or have digest-md5 added to mech_list in /etc/sasl2/libvirt.conf.</source>
        <translation>请使用 TLS 或 SSH，或请人在 /etc/sasl2/libvirt.conf 的 mech_list 中加入 digest-md5。</translation>
    </message>
    <message>
        <source>`klist` shows your tickets, and `kinit` gets one.</source>
        <translation>klist 可列出您的票据，kinit 可获取票据。</translation>
    </message>
    <message>
        <source>They are from {0}. The daemon does not say which of the two is wrong; its users are set with saslpasswd2 -a libvirt USER.</source>
        <translation>它们来自 {0}。守护进程不会说明两者中哪个有误；其用户用 saslpasswd2 -a libvirt USER 设置。</translation>
    </message>
    <message>
        <source>The daemon does not say which of the two is wrong; its users are set with saslpasswd2 -a libvirt USER.</source>
        <translation>守护进程不会说明两者中哪个有误；其用户用 saslpasswd2 -a libvirt USER 设置。</translation>
    </message>
    <message>
        <source>User name and password can also be in libvirt&apos;s auth.conf (LIBVIRT_AUTH_FILE, or ~/.config/libvirt/auth.conf).</source>
        <translation>用户名和密码也可以写在 libvirt 的 auth.conf 中（LIBVIRT_AUTH_FILE 或 ~/.config/libvirt/auth.conf）。</translation>
    </message>
    <message>
        <source>Its log says why; mech_list in /etc/sasl2/libvirt.conf names the mechanisms.</source>
        <translation>原因见其日志；各机制列在 /etc/sasl2/libvirt.conf 的 mech_list 中。</translation>
    </message>
    <message>
        <source>The daemon, or something between, is faulty or hostile; try another mechanism with ?auth=sasl.NAME, or another transport.</source>
        <translation>守护进程或途中的某个环节有故障或怀有恶意；请用 ?auth=sasl.NAME 换一种机制，或换一种传输方式。</translation>
    </message>
    <message>
        <source>It may not be the daemon it claims to be. Do not go on before you know why.</source>
        <translation>它可能不是它所声称的守护进程。在弄清原因之前请勿继续。</translation>
    </message>
    <message>
        <source>Most likely the pool is full; look at its free space.</source>
        <translation>存储池很可能已满；请查看其剩余空间。</translation>
    </message>
    <message>
        <source>Make sure that nothing writes to the image, and start again.</source>
        <translation>请确保没有程序正在写入该镜像，然后重新开始。</translation>
    </message>
    <message>
        <source>Name an image file or a block device.</source>
        <translation>请指定一个镜像文件或块设备。</translation>
    </message>
    <message>
        <source>Stop what is writing to it, then try again.</source>
        <translation>请停止正在写入它的程序，然后重试。</translation>
    </message>
    <message>
        <source>Lacuna needs a folder for its data that it may write to, with some room.</source>
        <translation>Lacuna 需要一个可写且有剩余空间的数据文件夹。</translation>
    </message>
    <message>
        <source>Lacuna needs a folder for its data that it may write to.</source>
        <translation>Lacuna 需要一个可写的数据文件夹。</translation>
    </message>
    <message>
        <source>The disk is full: make some room.</source>
        <translation>磁盘已满：请腾出一些空间。</translation>
    </message>
    <message>
        <source>Another Lacuna is busy with it; try again in a moment.</source>
        <translation>另一个 Lacuna 正在使用它；请稍后重试。</translation>
    </message>
    <message>
        <source>Check the permissions of the file and its folder.</source>
        <translation>请检查该文件及其文件夹的权限。</translation>
    </message>
    <message>
        <source>Give more digits.</source>
        <translation>请提供更多位数。</translation>
    </message>
    <message>
        <source>Try again.</source>
        <translation>请重试。</translation>
    </message>
    <message>
        <source>A name has letters, digits, spaces and . + @ _ -, begins with a letter or a digit, and has {0} characters at most.</source>
        <translation>名称可包含字母、数字、空格和 . + @ _ -，以字母或数字开头，最多 {0} 个字符。</translation>
    </message>
    <message>
        <source>Choose another.</source>
        <translation>请另选一个。</translation>
    </message>
    <message>
        <source>Leave it out; it is asked for when it is needed, and can be kept in the keyring.</source>
        <translation>请不要填写；需要时会询问，并可保存在密钥环中。</translation>
    </message>
    <message>
        <source>Leave it out; it is asked for when it is needed.</source>
        <translation>请不要填写；需要时会询问。</translation>
    </message>
    <message>
        <source>Or write auto.</source>
        <translation>或写成 auto。</translation>
    </message>
    <message>
        <source>Use that version, or move the file away to begin anew.</source>
        <translation>请使用那个版本，或移走该文件重新开始。</translation>
    </message>
    <message>
        <source>Connect with read-write access; a read-only connection only browses.</source>
        <translation>请以读写权限连接；只读连接只能浏览。</translation>
    </message>
    <message>
        <source>Make room in the pool and try again.</source>
        <translation>请在存储池中腾出空间后重试。</translation>
    </message>
    <message>
        <source>Make room in the pool, or choose another one.</source>
        <translation>请在存储池中腾出空间，或另选一个。</translation>
    </message>
    <message>
        <source>Make room there, or choose another folder.</source>
        <translation>请在那里腾出空间，或另选一个文件夹。</translation>
    </message>
    <message>
        <source>The pool&apos;s file system does not allow a file of that size.</source>
        <translation>存储池的文件系统不允许这么大的文件。</translation>
    </message>
    <message>
        <source>The daemon may not use that file; look at its owner, mode and labels.</source>
        <translation>守护进程无权使用该文件；请查看其所有者、权限和安全标签。</translation>
    </message>
    <message>
        <source>The pool&apos;s file system is mounted read-only.</source>
        <translation>存储池的文件系统以只读方式挂载。</translation>
    </message>
    <message>
        <source>Choose a shorter name; the limit is 255 bytes.</source>
        <translation>请换一个更短的名称；上限为 255 字节。</translation>
    </message>
    <message>
        <source>Something other than libvirt&apos;s RPC answers there, or the link is damaged.</source>
        <translation>那里应答的不是 libvirt 的 RPC，或者链路已损坏。</translation>
    </message>
    <message>
        <source>Of the control characters only tab and newline are accepted.</source>
        <translation>控制字符中只接受制表符和换行符。</translation>
    </message>
    <message>
        <source>Start it over.</source>
        <translation>请从头开始。</translation>
    </message>
    <message>
        <source>Choose another pool or another name.</source>
        <translation>请另选一个存储池或名称。</translation>
    </message>
    <message>
        <source>Upload to {0}/{1}.</source>
        <translation>请上传到 {0}/{1}。</translation>
    </message>
    <message>
        <source>Choose or create a larger volume.</source>
        <translation>请选择或新建一个更大的卷。</translation>
    </message>
    <message>
        <source>Make sure that no virtual machine uses it, and start again.</source>
        <translation>请确保没有虚拟机在使用它，然后重新开始。</translation>
    </message>
    <message>
        <source>Resume the job: what is missing is to give the volume its name.</source>
        <translation>请继续该任务：只差为卷命名这一步。</translation>
    </message>
    <message>
        <source>Make it first, or choose another one.</source>
        <translation>请先创建它，或另选一个。</translation>
    </message>
    <message>
        <source>Check the parameter &apos;command&apos; of the URI.</source>
        <translation>请检查 URI 的参数 command。</translation>
    </message>
    <message>
        <source>Check the parameter &apos;keyfile&apos; of the URI.</source>
        <translation>请检查 URI 的参数 keyfile。</translation>
    </message>
    <message>
        <source>Write ?command=/path/of/the/program.</source>
        <translation>请写成 ?command=/程序的/路径。</translation>
    </message>
    <message>
        <source>Set TMPDIR to a folder of yours with a short path.</source>
        <translation>请将 TMPDIR 设为您自己的、路径较短的文件夹。</translation>
    </message>
    <message>
        <source>Name a host, for example qemu+ssh://root@host/system.</source>
        <translation>请指定主机，例如 qemu+ssh://root@host/system。</translation>
    </message>
    <message>
        <source>A URI looks like qemu:///system or qemu+ssh://user@host/system.</source>
        <translation>URI 形如 qemu:///system 或 qemu+ssh://user@host/system。</translation>
    </message>
    <message>
        <source>Correct or remove the file.</source>
        <translation>请更正或删除该文件。</translation>
    </message>
    <message>
        <source>It should look like name=qemu+ssh://host/system.</source>
        <translation>它应形如 name=qemu+ssh://host/system。</translation>
    </message>
    <message>
        <source>Use qemu+ssh://user@host/system instead.</source>
        <translation>请改用 qemu+ssh://user@host/system。</translation>
    </message>
    <message>
        <source>Install and start libvirt&apos;s daemon there, or name its socket with ?socket=PATH.</source>
        <translation>请在那里安装并启动 libvirt 守护进程，或用 ?socket=路径 指定其套接字。</translation>
    </message>
    <message>
        <source>Get cacert.pem from whoever set up the server, or name its folder with ?pkipath=FOLDER.</source>
        <translation>请向架设服务器的人索取 cacert.pem，或用 ?pkipath=文件夹 指定其所在位置。</translation>
    </message>
    <message>
        <source>A client certificate and its key belong together.</source>
        <translation>客户端证书和它的密钥必须成对。</translation>
    </message>
    <message>
        <source>Use a key from an agent, or start this where a question can be answered.</source>
        <translation>请使用代理中的密钥，或在可以回答提问的地方启动。</translation>
    </message>
    <message>
        <source>Compare the fingerprint with the host&apos;s, and connect once with ssh to accept it.</source>
        <translation>请与主机的指纹核对，并用 ssh 连接一次以接受它。</translation>
    </message>
    <message>
        <source>Compare its fingerprint with the host&apos;s, and accept it.</source>
        <translation>请与主机的指纹核对并接受它。</translation>
    </message>
    <message>
        <source>Ask its administrator. Only if the new key is right, remove the old one: ssh-keygen -R &apos;{0}&apos;</source>
        <translation>请询问其管理员。只有确认新密钥无误时才删除旧密钥：ssh-keygen -R &apos;{0}&apos;</translation>
    </message>
    <message>
        <source>Check user name, key and password; `ssh -v` to the host shows what is tried.</source>
        <translation>请检查用户名、密钥和密码；对该主机运行 ssh -v 可看到尝试了什么。</translation>
    </message>
    <message>
        <source>Leave out no_tty, or use a key.</source>
        <translation>请去掉 no_tty，或使用密钥。</translation>
    </message>
    <message>
        <source>Name the right key with ?keyfile=PATH, and set IdentitiesOnly in ~/.ssh/config.</source>
        <translation>请用 ?keyfile=路径 指定正确的密钥，并在 ~/.ssh/config 中设置 IdentitiesOnly。</translation>
    </message>
    <message>
        <source>Start it there (systemctl start libvirtd, or virtqemud and virtstoraged), or name its socket with ?socket=PATH.</source>
        <translation>请在那里启动它（systemctl start libvirtd，或 virtqemud 和 virtstoraged），或用 ?socket=路径 指定其套接字。</translation>
    </message>
    <message>
        <source>Install libvirt&apos;s daemon package on that host, which brings virt-ssh-helper, or netcat (netcat-openbsd).</source>
        <translation>请在该主机上安装带有 virt-ssh-helper 的 libvirt 守护进程软件包，或安装 netcat（netcat-openbsd）。</translation>
    </message>
    <message>
        <source>Check its spelling, and your name server or VPN.</source>
        <translation>请检查拼写，以及您的域名服务器或 VPN。</translation>
    </message>
    <message>
        <source>Check its spelling.</source>
        <translation>请检查拼写。</translation>
    </message>
    <message>
        <source>Check the port, and that sshd runs on that host.</source>
        <translation>请检查端口，以及该主机上是否运行着 sshd。</translation>
    </message>
    <message>
        <source>Check the port, and the log of sshd on that host.</source>
        <translation>请检查端口，以及该主机上 sshd 的日志。</translation>
    </message>
    <message>
        <source>Check the address, the network and the firewall.</source>
        <translation>请检查地址、网络和防火墙。</translation>
    </message>
    <message>
        <source>Check the network or VPN.</source>
        <translation>请检查网络或 VPN。</translation>
    </message>
    <message>
        <source>The host may be very old; allow what it offers in ~/.ssh/config.</source>
        <translation>该主机可能很旧；请在 ~/.ssh/config 中允许它提供的算法。</translation>
    </message>
    <message>
        <source>Install it (pip install bcrypt), or add the key to an agent.</source>
        <translation>请安装它（pip install bcrypt），或把密钥加入代理。</translation>
    </message>
    <message>
        <source>`ssh -v` to the host shows where it stops.</source>
        <translation>对该主机运行 ssh -v 可看到卡在哪里。</translation>
    </message>
    <message>
        <source>Leave it out: the host&apos;s own daemons are found by themselves.</source>
        <translation>请不要填写：主机自己的守护进程会自动找到。</translation>
    </message>
    <message>
        <source>Known ones: normal, auto, ignore.</source>
        <translation>已知的有：normal、auto、ignore。</translation>
    </message>
    <message>
        <source>Check that libvirt&apos;s daemon listens on TCP there (listen_tcp).</source>
        <translation>请检查那里的 libvirt 守护进程是否监听 TCP（listen_tcp）。</translation>
    </message>
    <message>
        <source>Check that libvirt&apos;s daemon listens on TLS there (listen_tls, libvirtd-tls).</source>
        <translation>请检查那里的 libvirt 守护进程是否监听 TLS（listen_tls、libvirtd-tls）。</translation>
    </message>
    <message>
        <source>It may be a port without TLS (16509 is plain TCP, 16514 TLS), or be stalled.</source>
        <translation>它可能是不带 TLS 的端口（16509 是普通 TCP，16514 是 TLS），或已停滞。</translation>
    </message>
    <message>
        <source>It may be a port without TLS (16509 is plain TCP, 16514 TLS).</source>
        <translation>它可能是不带 TLS 的端口（16509 是普通 TCP，16514 是 TLS）。</translation>
    </message>
    <message>
        <source>Check the port: 16514 is libvirt&apos;s.</source>
        <translation>请检查端口：libvirt 使用 16514。</translation>
    </message>
    <message>
        <source>Port 16514 is TLS, 16509 plain TCP.</source>
        <translation>端口 16514 是 TLS，16509 是普通 TCP。</translation>
    </message>
    <message>
        <source>It may be missing, expired, revoked, of another CA or not on the server&apos;s list; the reason is in the server&apos;s log.</source>
        <translation>它可能缺失、过期、被吊销、属于另一个 CA 或不在服务器的名单上；原因见服务器的日志。</translation>
    </message>
    <message>
        <source>Use the name that is in the certificate, or have one issued for this name.</source>
        <translation>请使用证书中的名称，或为此名称签发证书。</translation>
    </message>
    <message>
        <source>Put clientcert.pem and clientkey.pem into ~/.pki/libvirt or /etc/pki/libvirt, or name their folder with ?pkipath=FOLDER.</source>
        <translation>请把 clientcert.pem 和 clientkey.pem 放入 ~/.pki/libvirt 或 /etc/pki/libvirt，或用 ?pkipath=文件夹 指定其所在位置。</translation>
    </message>
    <message>
        <source>Levels (NORMAL, PFS, SECURE128, SECURE256) and versions (-VERS-TLS1.3) can.</source>
        <translation>可以使用级别（NORMAL、PFS、SECURE128、SECURE256）和版本（-VERS-TLS1.3）。</translation>
    </message>
    <message>
        <source>Check that cacert.pem is the one of the server&apos;s CA ({0}).</source>
        <translation>请检查 cacert.pem 是否属于服务器的 CA（{0}）。</translation>
    </message>
    <message>
        <source>Check cacert.pem ({0}).</source>
        <translation>请检查 cacert.pem（{0}）。</translation>
    </message>
    <message>
        <source>Check the clocks of both machines.</source>
        <translation>请检查两台机器的时钟。</translation>
    </message>
    <message>
        <source>It must be renewed on the server. Check the clock of this machine too.</source>
        <translation>必须在服务器上更新证书。也请检查本机的时钟。</translation>
    </message>
    <message>
        <source>Do not connect; ask the server&apos;s administrator.</source>
        <translation>请勿连接；请询问服务器的管理员。</translation>
    </message>
    <message>
        <source>Check cacrl.pem ({0}).</source>
        <translation>请检查 cacrl.pem（{0}）。</translation>
    </message>
    <message>
        <source>Check {0} and the clock.</source>
        <translation>请检查 {0} 和时钟。</translation>
    </message>
    <message>
        <source>Renew {0}.</source>
        <translation>请更新 {0}。</translation>
    </message>
    <message>
        <source>It must be issued anew, for TLS servers.</source>
        <translation>必须重新签发，用于 TLS 服务器。</translation>
    </message>
    <message>
        <source>It must be issued anew, with a longer key.</source>
        <translation>必须用更长的密钥重新签发。</translation>
    </message>
    <message>
        <source>The CA needs a longer key.</source>
        <translation>该 CA 需要更长的密钥。</translation>
    </message>
    <message>
        <source>It must be issued anew.</source>
        <translation>必须重新签发。</translation>
    </message>
    <message>
        <source>The complete image is in the volume {0}/{1}.</source>
        <translation>完整的镜像在卷 {0}/{1} 中。</translation>
    </message>
    <message>
        <source>The incomplete volume &apos;{0}&apos; could not be removed; delete it.</source>
        <translation>未能删除不完整的卷 {0}；请将其删除。</translation>
    </message>
    <message>
        <source>What was written is kept as {0}.</source>
        <translation>已写入的内容保留为 {0}。</translation>
    </message>
    <message>
        <source>The daemon waits half a minute for the answer to polkit&apos;s question. Connect again and give it sooner, or ask to be added to the group &apos;libvirt&apos;, whose members are not asked.</source>
        <translation>守护进程只等待半分钟来获得 polkit 提问的答复。请重新连接并尽早答复，或申请加入 libvirt 组，其成员不会被询问。</translation>
    </message>
</context>
<context>
    <name>Application</name>
    <message>
        <source>This computer</source>
        <translation>本机</translation>
    </message>
</context>
<context>
    <name>Causes</name>
    <message>
        <source>no libvirt daemon listens at {0}</source>
        <translation>{0} 处没有 libvirt 守护进程在监听</translation>
    </message>
    <message>
        <source>the libvirt daemon at {0} is not running</source>
        <translation>{0} 处的 libvirt 守护进程未运行</translation>
    </message>
    <message>
        <source>permission denied to open {0}</source>
        <translation>没有权限打开 {0}</translation>
    </message>
    <message>
        <source>the host name {0} is not known</source>
        <translation>主机名 {0} 未知</translation>
    </message>
    <message>
        <source>{0} did not answer within {1} s</source>
        <translation>{0} 在 {1} 秒内没有应答</translation>
    </message>
    <message>
        <source>{0} did not answer</source>
        <translation>{0} 没有应答</translation>
    </message>
    <message>
        <source>{0} refuses SSH: no SSH server listens there</source>
        <translation>{0} 拒绝 SSH：那里没有 SSH 服务器在监听</translation>
    </message>
    <message>
        <source>{0} broke off before the login: it is no SSH server, is overloaded or refuses you</source>
        <translation>{0} 在登录前中断：它不是 SSH 服务器、负载过高或拒绝了您</translation>
    </message>
    <message>
        <source>the SSH key of {0} is not known and was not accepted</source>
        <translation>{0} 的 SSH 密钥未知，且未被接受</translation>
    </message>
    <message>
        <source>your user may not manage libvirt on {0}</source>
        <translation>您的用户无权管理 {0} 上的 libvirt</translation>
    </message>
    <message>
        <source>libvirt&apos;s daemon is not running on {0}</source>
        <translation>{0} 上的 libvirt 守护进程未运行</translation>
    </message>
    <message>
        <source>the login to {0} was cancelled</source>
        <translation>到 {0} 的登录已取消</translation>
    </message>
    <message>
        <source>the server&apos;s certificate is not for &apos;{0}&apos;</source>
        <translation>服务器的证书不是给 {0} 的</translation>
    </message>
    <message>
        <source>there is no CA certificate to check the server with: {0}</source>
        <translation>没有可用来验证服务器的 CA 证书：{0}</translation>
    </message>
    <message>
        <source>{0} does not speak TLS</source>
        <translation>{0} 不使用 TLS</translation>
    </message>
    <message>
        <source>{0} asks for a client certificate, and there is none here</source>
        <translation>{0} 要求客户端证书，而这里没有</translation>
    </message>
    <message>
        <source>the connection was closed</source>
        <translation>连接已关闭</translation>
    </message>
    <message>
        <source>the daemon closed the connection</source>
        <translation>守护进程关闭了连接</translation>
    </message>
    <message>
        <source>the daemon has been silent for {0} s</source>
        <translation>守护进程已 {0} 秒没有响应</translation>
    </message>
    <message>
        <source>a password does not belong in a saved URI</source>
        <translation>密码不应写在保存的 URI 中</translation>
    </message>
    <message>
        <source>a password does not belong in a URI</source>
        <translation>密码不应写在 URI 中</translation>
    </message>
    <message>
        <source>&apos;{0}&apos; is not a libvirt URI</source>
        <translation>{0} 不是 libvirt URI</translation>
    </message>
    <message>
        <source>&apos;{0}&apos;: unknown transport &apos;{1}&apos;</source>
        <translation>{0}：未知的传输方式 {1}</translation>
    </message>
    <message>
        <source>&apos;{0}&apos;: the transport &apos;{1}&apos; needs a host</source>
        <translation>{0}：传输方式 {1} 需要主机</translation>
    </message>
    <message>
        <source>no URI is given</source>
        <translation>没有给出 URI</translation>
    </message>
    <message>
        <source>&apos;{0}&apos; cannot be the name of a connection</source>
        <translation>{0} 不能用作连接的名称</translation>
    </message>
    <message>
        <source>there is a connection named &apos;{0}&apos; already</source>
        <translation>已有名为 {0} 的连接</translation>
    </message>
    <message>
        <source>{0} exists already</source>
        <translation>{0} 已存在</translation>
    </message>
    <message>
        <source>{0} has just been made by somebody else</source>
        <translation>{0} 刚刚被他人创建</translation>
    </message>
    <message>
        <source>{0} was changed since the transfer was interrupted</source>
        <translation>自传输中断以来，{0} 已被更改</translation>
    </message>
    <message>
        <source>{0} was changed while it was sent</source>
        <translation>{0} 在发送过程中被更改</translation>
    </message>
    <message>
        <source>{0} is in use by the running virtual machine {1}: what is read is the state of different moments, and may be inconsistent.</source>
        <translation>{0} 正被运行中的虚拟机 {1} 使用：读取到的是不同时刻的状态，可能不一致。</translation>
    </message>
    <message>
        <source>{0} is in use by the running virtual machines {1}: what is read is the state of different moments, and may be inconsistent.</source>
        <translation>{0} 正被运行中的虚拟机 {1} 使用：读取到的是不同时刻的状态，可能不一致。</translation>
    </message>
    <message>
        <source>{0} is in use by the running virtual machine {1}</source>
        <translation>{0} 正被运行中的虚拟机 {1} 使用</translation>
    </message>
    <message>
        <source>{0} is in use by the running virtual machines {1}</source>
        <translation>{0} 正被运行中的虚拟机 {1} 使用</translation>
    </message>
    <message>
        <source>the pool {0} is not active</source>
        <translation>存储池 {0} 未激活</translation>
    </message>
    <message>
        <source>the image needs {0} bytes and the pool {1} has {2}</source>
        <translation>镜像需要 {0} 字节，而存储池 {1} 只有 {2} 字节</translation>
    </message>
    <message>
        <source>the image has {0} bytes and the volume {1} only {2}</source>
        <translation>镜像有 {0} 字节，而卷 {1} 只有 {2} 字节</translation>
    </message>
    <message>
        <source>the volume has {0} bytes of data and {1} {2} free</source>
        <translation>卷有 {0} 字节数据，而 {1} 剩余 {2} 字节</translation>
    </message>
    <message>
        <source>the folder {0} does not exist</source>
        <translation>文件夹 {0} 不存在</translation>
    </message>
    <message>
        <source>{0} is not a file and is not replaced</source>
        <translation>{0} 不是文件，不会被替换</translation>
    </message>
    <message>
        <source>{0} is not in the format {1}; it looks like {2}</source>
        <translation>{0} 不是 {1} 格式；看起来是 {2}</translation>
    </message>
    <message>
        <source>the daemon could not write to the volume and lost the reason</source>
        <translation>守护进程无法写入该卷，且没有给出原因</translation>
    </message>
    <message>
        <source>upload: {0} -&gt; {1}</source>
        <translation>上传：{0} → {1}</translation>
    </message>
    <message>
        <source>download: {0} -&gt; {1}</source>
        <translation>下载：{0} → {1}</translation>
    </message>
    <message>
        <source>copy: {0} -&gt; {1}</source>
        <translation>复制：{0} → {1}</translation>
    </message>
    <message>
        <source>queued</source>
        <translation>排队中</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>等待下次尝试</translation>
    </message>
    <message>
        <source>paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>interrupted</source>
        <translation>已中断</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>It goes over {0} connections, not more: {1}</source>
        <translation>使用 {0} 个连接，没有更多：“{1}”</translation>
    </message>
    <message>
        <source>It was complete; it is not compared, for the source was changed.</source>
        <translation>它已完整；由于源已更改，不再比较。</translation>
    </message>
    <message>
        <source>The image is an overlay of another file, which is not sent with it.</source>
        <translation>该镜像是另一个文件的覆盖层，后者不会随之发送。</translation>
    </message>
    <message>
        <source>The volume is larger than the image: its last {0} bytes keep their old content.</source>
        <translation>卷比镜像大：其最后 {0} 字节保留旧内容。</translation>
    </message>
    <message>
        <source>The old content of {0} is given up before the new one arrives; it can be kept until then, which takes the space twice.</source>
        <translation>{0} 的旧内容会在新内容送达之前放弃；可以将其保留到那时，但会占用双倍空间。</translation>
    </message>
    <message>
        <source>The daemon would change the image ({0}) in cloning it, so it is copied through this computer to get its name.</source>
        <translation>守护进程在克隆时会更改镜像（{0}），因此改为经由本机复制以完成命名。</translation>
    </message>
    <message>
        <source>there is no job &apos;{0}&apos;</source>
        <translation>没有任务 {0}</translation>
    </message>
    <message>
        <source>the journal {0} cannot be used: {1}</source>
        <translation>日志数据库 {0} 无法使用：“{1}”</translation>
    </message>
    <message>
        <source>cannot connect to {0}: {1}</source>
        <translation>无法连接到 {0}：“{1}”</translation>
    </message>
    <message>
        <source>SSH to {0} failed: {1}</source>
        <translation>到 {0} 的 SSH 失败：“{1}”</translation>
    </message>
    <message>
        <source>TLS with {0} failed: {1}</source>
        <translation>与 {0} 的 TLS 失败：“{1}”</translation>
    </message>
    <message>
        <source>the connection broke: {0}</source>
        <translation>连接中断：“{0}”</translation>
    </message>
    <message>
        <source>the SSH connection to {0} ended: {1}</source>
        <translation>到 {0} 的 SSH 连接已结束：“{1}”</translation>
    </message>
    <message>
        <source>cannot read {0}: {1}</source>
        <translation>无法读取 {0}：“{1}”</translation>
    </message>
    <message>
        <source>cannot write {0}: {1}</source>
        <translation>无法写入 {0}：“{1}”</translation>
    </message>
    <message>
        <source>cannot open or lock {0}: {1}</source>
        <translation>无法打开或锁定 {0}：“{1}”</translation>
    </message>
    <message>
        <source>cannot open {0}: {1}</source>
        <translation>无法打开 {0}：“{1}”</translation>
    </message>
    <message>
        <source>wrong user name or password for &apos;{0}&apos;: {1}</source>
        <translation>{0} 的用户名或密码错误：“{1}”</translation>
    </message>
    <message>
        <source>A volume&apos;s name must not be empty.</source>
        <translation>卷的名称不能为空。</translation>
    </message>
    <message>
        <source>A volume cannot be named &apos;{0}&apos;.</source>
        <translation>卷不能命名为 {0}。</translation>
    </message>
    <message>
        <source>A volume&apos;s name must not contain a slash: &apos;{0}&apos;.</source>
        <translation>卷的名称不能包含斜杠：{0}。</translation>
    </message>
    <message>
        <source>A volume&apos;s name must not contain the character &apos;{0}&apos;: &apos;{1}&apos;.</source>
        <translation>卷的名称不能包含字符 {0}：{1}。</translation>
    </message>
    <message>
        <source>A volume&apos;s name must not be longer than {0} bytes; this one has {1}.</source>
        <translation>卷的名称不能超过 {0} 字节；此名称有 {1} 字节。</translation>
    </message>
    <message>
        <source>is there already, as {0}</source>
        <translation>已存在，名为 {0}</translation>
    </message>
</context>
<context>
    <name>CloneDialog</name>
    <message>
        <source>Clone {0}</source>
        <translation>克隆 {0}</translation>
    </message>
    <message>
        <source>Clone</source>
        <translation>克隆</translation>
    </message>
    <message>
        <source>&amp;New name:</source>
        <translation>新名称(&amp;N)：</translation>
    </message>
</context>
<context>
    <name>Confirm</name>
    <message>
        <source>and {0} more</source>
        <translation>以及另外 {0} 项</translation>
    </message>
</context>
<context>
    <name>ConnectionCommands</name>
    <message>
        <source>The connection to {0} has ended</source>
        <translation>与 {0} 的连接已断开</translation>
    </message>
    <message>
        <source>Connect again</source>
        <translation>重新连接</translation>
    </message>
    <message>
        <source>The saved connections cannot be read</source>
        <translation>无法读取已保存的连接</translation>
    </message>
    <message>
        <source>Connected to {0}</source>
        <translation>已连接到 {0}</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Cannot connect to {0}</source>
        <translation>无法连接到 {0}</translation>
    </message>
    <message numerus="yes">
        <source>It works: libvirt {0}, %n pool(s).</source>
        <translation>
            <numerusform>连接成功：libvirt {0}，%n 个存储池。</numerusform>
        </translation>
    </message>
    <message>
        <source>The connection could not be saved</source>
        <translation>无法保存连接</translation>
    </message>
    <message>
        <source>The connection could not be removed</source>
        <translation>无法移除连接</translation>
    </message>
    <message>
        <source>Delete connection</source>
        <translation>删除连接</translation>
    </message>
    <message>
        <source>Delete the connection {0}? Nothing is changed on the host.</source>
        <translation>要删除连接 {0} 吗？主机上不会有任何改动。</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message numerus="yes">
        <source>%n connection(s) imported</source>
        <translation>
            <numerusform>已导入 %n 个连接</numerusform>
        </translation>
    </message>
    <message>
        <source>The connections could not be saved</source>
        <translation>无法保存这些连接</translation>
    </message>
</context>
<context>
    <name>ConnectionDialog</name>
    <message>
        <source>Edit connection</source>
        <translation>编辑连接</translation>
    </message>
    <message>
        <source>New connection</source>
        <translation>新建连接</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>like the host, if left empty</source>
        <translation>留空则与主机同名</translation>
    </message>
    <message>
        <source>SSH</source>
        <translation>SSH</translation>
    </message>
    <message>
        <source>This computer</source>
        <translation>本机</translation>
    </message>
    <message>
        <source>TLS with certificates</source>
        <translation>TLS（使用证书）</translation>
    </message>
    <message>
        <source>TCP (not encrypted)</source>
        <translation>TCP（不加密）</translation>
    </message>
    <message>
        <source>URI as typed</source>
        <translation>手动输入 URI</translation>
    </message>
    <message>
        <source>usual</source>
        <translation>默认</translation>
    </message>
    <message>
        <source>System</source>
        <translation>系统</translation>
    </message>
    <message>
        <source>Only mine (session)</source>
        <translation>仅限本人（会话）</translation>
    </message>
    <message>
        <source>Key file</source>
        <translation>密钥文件</translation>
    </message>
    <message>
        <source>Folder of certificates</source>
        <translation>证书目录</translation>
    </message>
    <message>
        <source>Accept any certificate (not safe)</source>
        <translation>接受任何证书（不安全）</translation>
    </message>
    <message>
        <source>the first one that is active</source>
        <translation>第一个活动的存储池</translation>
    </message>
    <message>
        <source>&amp;Name:</source>
        <translation>名称(&amp;N)：</translation>
    </message>
    <message>
        <source>&amp;Group:</source>
        <translation>分组(&amp;G)：</translation>
    </message>
    <message>
        <source>Transp&amp;ort:</source>
        <translation>传输方式(&amp;O)：</translation>
    </message>
    <message>
        <source>UR&amp;I:</source>
        <translation>URI(&amp;I)：</translation>
    </message>
    <message>
        <source>&amp;First pool:</source>
        <translation>初始存储池(&amp;F)：</translation>
    </message>
    <message>
        <source>Sp&amp;eed of each transfer:</source>
        <translation>每项传输的速度(&amp;E)：</translation>
    </message>
    <message>
        <source>&amp;Host:</source>
        <translation>主机(&amp;H)：</translation>
    </message>
    <message>
        <source>&amp;User:</source>
        <translation>用户(&amp;U)：</translation>
    </message>
    <message>
        <source>&amp;Port:</source>
        <translation>端口(&amp;P)：</translation>
    </message>
    <message>
        <source>&amp;Daemon:</source>
        <translation>守护进程(&amp;D)：</translation>
    </message>
    <message>
        <source>&amp;Key file:</source>
        <translation>密钥文件(&amp;K)：</translation>
    </message>
    <message>
        <source>&amp;Certificates in:</source>
        <translation>证书目录(&amp;C)：</translation>
    </message>
    <message>
        <source>&amp;Socket:</source>
        <translation>套接字(&amp;S)：</translation>
    </message>
    <message>
        <source>Address:</source>
        <translation>地址：</translation>
    </message>
    <message>
        <source>&amp;Test connection</source>
        <translation>测试连接(&amp;T)</translation>
    </message>
    <message>
        <source>Name the host.</source>
        <translation>请填写主机。</translation>
    </message>
    <message>
        <source>Type a URI, for example qemu+ssh://user@host/system.</source>
        <translation>请输入 URI，例如 qemu+ssh://user@host/system。</translation>
    </message>
    <message>
        <source>Connecting…</source>
        <translation>正在连接…</translation>
    </message>
</context>
<context>
    <name>ConnectionsField</name>
    <message>
        <source>automatic</source>
        <translation>自动</translation>
    </message>
</context>
<context>
    <name>ConnectionsModel</name>
    <message>
        <source>Group of connections</source>
        <translation>连接分组</translation>
    </message>
    <message>
        <source>Not safe: somebody may listen, or pretend to be the server</source>
        <translation>不安全：可能被他人窃听，或有人冒充服务器</translation>
    </message>
    <message>
        <source>{0} of {1} used, {2} free</source>
        <translation>已用 {0}，共 {1}，剩余 {2}</translation>
    </message>
    <message>
        <source>not connected</source>
        <translation>未连接</translation>
    </message>
    <message>
        <source>connecting</source>
        <translation>正在连接</translation>
    </message>
    <message>
        <source>connected</source>
        <translation>已连接</translation>
    </message>
    <message>
        <source>connection failed</source>
        <translation>连接失败</translation>
    </message>
</context>
<context>
    <name>ConnectionsView</name>
    <message>
        <source>Connections and pools</source>
        <translation>连接与存储池</translation>
    </message>
</context>
<context>
    <name>CopyDialog</name>
    <message>
        <source>Copy {0}</source>
        <translation>复制 {0}</translation>
    </message>
    <message>
        <source>Copy {0} volumes</source>
        <translation>复制 {0} 个卷</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>&amp;To pool:</source>
        <translation>目标存储池(&amp;T)：</translation>
    </message>
    <message>
        <source>&amp;Name there:</source>
        <translation>目标名称(&amp;N)：</translation>
    </message>
    <message>
        <source>There is no other active pool. Connect to another host, or start one.</source>
        <translation>没有其他活动的存储池。请连接到另一台主机，或启动一个存储池。</translation>
    </message>
</context>
<context>
    <name>DefinePoolDialog</name>
    <message>
        <source>Define pool</source>
        <translation>定义存储池</translation>
    </message>
    <message>
        <source>Define</source>
        <translation>定义</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>目录</translation>
    </message>
    <message>
        <source>File system on a device</source>
        <translation>设备上的文件系统</translation>
    </message>
    <message>
        <source>Network file system</source>
        <translation>网络文件系统</translation>
    </message>
    <message>
        <source>LVM volume group</source>
        <translation>LVM 卷组</translation>
    </message>
    <message>
        <source>Partitions of a disk</source>
        <translation>磁盘分区</translation>
    </message>
    <message>
        <source>&amp;Make the folder if it is not there</source>
        <translation>目录不存在时创建(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;Start it now</source>
        <translation>立即启动(&amp;S)</translation>
    </message>
    <message>
        <source>Start it with the h&amp;ost</source>
        <translation>随主机启动(&amp;O)</translation>
    </message>
    <message>
        <source>&amp;Name:</source>
        <translation>名称(&amp;N)：</translation>
    </message>
    <message>
        <source>&amp;Kind:</source>
        <translation>类型(&amp;K)：</translation>
    </message>
    <message>
        <source>&amp;Host:</source>
        <translation>主机(&amp;H)：</translation>
    </message>
    <message>
        <source>So&amp;urce:</source>
        <translation>来源(&amp;U)：</translation>
    </message>
    <message>
        <source>&amp;Path there:</source>
        <translation>目标路径(&amp;P)：</translation>
    </message>
    <message>
        <source>Give the pool a name.</source>
        <translation>请为存储池命名。</translation>
    </message>
    <message>
        <source>There is a pool of that name already.</source>
        <translation>已有同名的存储池。</translation>
    </message>
    <message>
        <source>Say where its storage comes from.</source>
        <translation>请说明其存储空间的来源。</translation>
    </message>
    <message>
        <source>Name the host that exports the folder.</source>
        <translation>请填写导出该目录的主机。</translation>
    </message>
</context>
<context>
    <name>Details</name>
    <message>
        <source>Name:</source>
        <translation>名称：</translation>
    </message>
    <message>
        <source>Path:</source>
        <translation>路径：</translation>
    </message>
    <message>
        <source>Kind:</source>
        <translation>类型：</translation>
    </message>
    <message>
        <source>Format:</source>
        <translation>格式：</translation>
    </message>
    <message>
        <source>Capacity:</source>
        <translation>容量：</translation>
    </message>
    <message>
        <source>Allocated:</source>
        <translation>已分配：</translation>
    </message>
    <message>
        <source>Length of the file:</source>
        <translation>文件长度：</translation>
    </message>
    <message>
        <source>Overlay of:</source>
        <translation>后备镜像：</translation>
    </message>
    <message>
        <source>Modified:</source>
        <translation>修改时间：</translation>
    </message>
    <message>
        <source>Last read:</source>
        <translation>上次读取：</translation>
    </message>
    <message>
        <source>Encrypted:</source>
        <translation>加密：</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>no</source>
        <translation>否</translation>
    </message>
    <message>
        <source>State:</source>
        <translation>状态：</translation>
    </message>
    <message>
        <source>Source:</source>
        <translation>来源：</translation>
    </message>
    <message>
        <source>Hosts:</source>
        <translation>主机：</translation>
    </message>
    <message>
        <source>Free:</source>
        <translation>剩余：</translation>
    </message>
    <message>
        <source>Volumes:</source>
        <translation>卷：</translation>
    </message>
    <message>
        <source>Starts with the host:</source>
        <translation>随主机启动：</translation>
    </message>
    <message>
        <source>Persistent:</source>
        <translation>持久：</translation>
    </message>
    <message>
        <source>UUID:</source>
        <translation>UUID：</translation>
    </message>
    <message>
        <source>Owner and group:</source>
        <translation>所有者和组：</translation>
    </message>
    <message>
        <source>Mode:</source>
        <translation>权限：</translation>
    </message>
    <message>
        <source>Label:</source>
        <translation>标签：</translation>
    </message>
</context>
<context>
    <name>DetailsDialog</name>
    <message>
        <source>Details</source>
        <translation>详情</translation>
    </message>
    <message>
        <source>&amp;Copy</source>
        <translation>复制(&amp;C)</translation>
    </message>
</context>
<context>
    <name>DiagnosticsCommands</name>
    <message>
        <source>The diagnostics could not be gathered</source>
        <translation>无法收集诊断信息</translation>
    </message>
    <message>
        <source>Diagnostics copied. They name no hosts, pools or images.</source>
        <translation>已复制诊断信息。其中不含主机、存储池或镜像的名称。</translation>
    </message>
</context>
<context>
    <name>DownloadDialog</name>
    <message>
        <source>Download {0}</source>
        <translation>下载 {0}</translation>
    </message>
    <message>
        <source>Download {0} volumes</source>
        <translation>下载 {0} 个卷</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>&amp;Folder:</source>
        <translation>文件夹(&amp;F)：</translation>
    </message>
    <message>
        <source>&amp;Name:</source>
        <translation>名称(&amp;N)：</translation>
    </message>
    <message>
        <source>At most:</source>
        <translation>至多：</translation>
    </message>
    <message>
        <source>Download to</source>
        <translation>下载到</translation>
    </message>
    <message>
        <source>That folder does not exist.</source>
        <translation>该文件夹不存在。</translation>
    </message>
    <message>
        <source>You may not write to that folder.</source>
        <translation>您没有写入该文件夹的权限。</translation>
    </message>
    <message>
        <source>Give the file a name.</source>
        <translation>请为文件命名。</translation>
    </message>
    <message>
        <source>Two volumes would have the same file name.</source>
        <translation>两个卷会得到相同的文件名。</translation>
    </message>
    <message>
        <source>{0} exists already.</source>
        <translation>{0} 已存在。</translation>
    </message>
</context>
<context>
    <name>Drops</name>
    <message>
        <source>Only files, folders and volumes can be dropped here.</source>
        <translation>此处只能拖放文件、文件夹和卷。</translation>
    </message>
    <message>
        <source>{0} is not on this computer. Save it here first, then drop the file.</source>
        <translation>{0} 不在本机上。请先保存到本机，再拖放该文件。</translation>
    </message>
    <message>
        <source>{0} is neither a file nor a folder.</source>
        <translation>{0} 既不是文件也不是文件夹。</translation>
    </message>
    <message>
        <source>{0} cannot be read: {1}.</source>
        <translation>无法读取 {0}：{1}。</translation>
    </message>
    <message>
        <source>There are no files in that folder.</source>
        <translation>该文件夹中没有文件。</translation>
    </message>
    <message>
        <source>Folders inside of folders were left out ({0}).</source>
        <translation>已略过文件夹中的子文件夹（{0}）。</translation>
    </message>
</context>
<context>
    <name>Endings</name>
    <message>
        <source>{0} could not be transferred</source>
        <translation>无法传输 {0}</translation>
    </message>
    <message>
        <source>{0} was skipped</source>
        <translation>已跳过 {0}</translation>
    </message>
    <message>
        <source>It exists already.</source>
        <translation>同名的内容已存在。</translation>
    </message>
    <message>
        <source>Moved {0}, saved {1}</source>
        <translation>已传送 {0}，节省 {1}</translation>
    </message>
    <message>
        <source>{0} has been transferred</source>
        <translation>{0} 已传输完毕</translation>
    </message>
    <message numerus="yes">
        <source>%n transfer(s) ended</source>
        <translation>
            <numerusform>%n 项传输已结束</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n transfer(s) ended, {0} of them failed</source>
        <translation>
            <numerusform>%n 项传输已结束，其中 {0} 项失败</numerusform>
        </translation>
    </message>
    <message>
        <source>and {0} more</source>
        <translation>以及另外 {0} 项</translation>
    </message>
</context>
<context>
    <name>ExtentCanvas</name>
    <message>
        <source>Extent map</source>
        <translation>区段图</translation>
    </message>
    <message>
        <source>The image is empty: it has no bytes</source>
        <translation>镜像是空的：没有任何字节</translation>
    </message>
</context>
<context>
    <name>ExtentMapWidget</name>
    <message>
        <source>Show as a grid</source>
        <translation>以网格显示</translation>
    </message>
    <message>
        <source>Show all (0)</source>
        <translation>显示全部 (0)</translation>
    </message>
    <message>
        <source>Zoom out (-)</source>
        <translation>缩小 (-)</translation>
    </message>
    <message>
        <source>Zoom in (+)</source>
        <translation>放大 (+)</translation>
    </message>
    <message>
        <source>Extent map of {0}</source>
        <translation>{0} 的区段图</translation>
    </message>
    <message>
        <source>Extent map</source>
        <translation>区段图</translation>
    </message>
    <message>
        <source>Select a transfer to see its extents</source>
        <translation>选择一项传输以查看其区段</translation>
    </message>
    <message>
        <source>{0} of {1} ({2})</source>
        <translation>{0} / {1}（{2}）</translation>
    </message>
</context>
<context>
    <name>ExtentStrip</name>
    <message>
        <source>Extent map</source>
        <translation>区段图</translation>
    </message>
</context>
<context>
    <name>FillBar</name>
    <message>
        <source>Space in use</source>
        <translation>已用空间</translation>
    </message>
    <message>
        <source>{0} of {1} in use</source>
        <translation>已用 {0}，共 {1}</translation>
    </message>
    <message>
        <source>Size not known</source>
        <translation>大小未知</translation>
    </message>
</context>
<context>
    <name>Hints</name>
    <message>
        <source>{0}</source>
        <comment>in English</comment>
        <translation>（英文原文）“{0}”</translation>
    </message>
    <message>
        <source>The daemon says: “{0}”</source>
        <translation>守护进程的消息：“{0}”</translation>
    </message>
    <message>
        <source>{0}.</source>
        <translation>{0}。</translation>
    </message>
</context>
<context>
    <name>HostKeyDialog</name>
    <message>
        <source>This computer has never connected to {0} before. Compare the fingerprint with what its administrator gives you; if it differs, somebody may be in between.</source>
        <translation>本机从未连接过 {0}。请将指纹与其管理员提供的指纹核对；如果不一致，可能有人从中截取通信。</translation>
    </message>
    <message>
        <source>Key type:</source>
        <translation>密钥类型：</translation>
    </message>
    <message>
        <source>Fingerprint:</source>
        <translation>指纹：</translation>
    </message>
</context>
<context>
    <name>ImportDialog</name>
    <message>
        <source>Import connections</source>
        <translation>导入连接</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>导入</translation>
    </message>
    <message>
        <source>Connections found</source>
        <translation>找到的连接</translation>
    </message>
    <message>
        <source>Nothing was found in libvirt.conf, nor of virt-manager.</source>
        <translation>在 libvirt.conf 和 virt-manager 的设置中都没有找到连接。</translation>
    </message>
    <message>
        <source>Tick what to import.</source>
        <translation>请勾选要导入的连接。</translation>
    </message>
</context>
<context>
    <name>Kinds</name>
    <message>
        <source>What was asked for cannot be done like this.</source>
        <translation>无法按这样的要求执行。</translation>
    </message>
    <message>
        <source>The daemon&apos;s host did not let you in.</source>
        <translation>守护进程所在主机未允许您进入。</translation>
    </message>
    <message>
        <source>The daemon cannot be reached.</source>
        <translation>无法连接到守护进程。</translation>
    </message>
    <message>
        <source>No usable connection to the daemon could be made.</source>
        <translation>无法与守护进程建立可用的连接。</translation>
    </message>
    <message>
        <source>The connection to the daemon has ended.</source>
        <translation>与守护进程的连接已断开。</translation>
    </message>
    <message>
        <source>The daemon did not answer in time.</source>
        <translation>守护进程没有及时应答。</translation>
    </message>
    <message>
        <source>What answers there does not keep to libvirt&apos;s protocol.</source>
        <translation>对方的应答不符合 libvirt 协议。</translation>
    </message>
    <message>
        <source>The destination exists already.</source>
        <translation>目标已存在。</translation>
    </message>
    <message>
        <source>A virtual machine uses the volume.</source>
        <translation>有虚拟机正在使用该卷。</translation>
    </message>
    <message>
        <source>There is not enough room at the destination.</source>
        <translation>目标位置空间不足。</translation>
    </message>
    <message>
        <source>The source has changed.</source>
        <translation>源已更改。</translation>
    </message>
    <message>
        <source>The destination has changed.</source>
        <translation>目标已更改。</translation>
    </message>
    <message>
        <source>It could not be shown that all data has arrived.</source>
        <translation>无法证明所有数据都已送达。</translation>
    </message>
    <message>
        <source>Read back, the data is different.</source>
        <translation>读回的数据不一致。</translation>
    </message>
    <message>
        <source>A local file or folder cannot be used.</source>
        <translation>无法使用本地文件或文件夹。</translation>
    </message>
    <message>
        <source>It could not be done.</source>
        <translation>操作未能完成。</translation>
    </message>
</context>
<context>
    <name>Legend</name>
    <message>
        <source>Legend</source>
        <translation>图例</translation>
    </message>
</context>
<context>
    <name>LimitDialog</name>
    <message>
        <source>Limit</source>
        <translation>限制</translation>
    </message>
    <message>
        <source>&amp;Limit:</source>
        <translation>上限(&amp;L)：</translation>
    </message>
</context>
<context>
    <name>Listing</name>
    <message>
        <source>The volumes of {0} cannot be listed</source>
        <translation>无法列出 {0} 中的卷</translation>
    </message>
    <message>
        <source>{0} more volumes are in the pool; libvirt cannot list more than 16384. They can be used by name.</source>
        <translation>存储池中还有 {0} 个卷；libvirt 最多只能列出 16384 个。其余的卷可按名称使用。</translation>
    </message>
</context>
<context>
    <name>LogModel</name>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Level</source>
        <translation>级别</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>消息</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>&amp;Connection</source>
        <translation>连接(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Pool</source>
        <translation>存储池(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Volume</source>
        <translation>卷(&amp;V)</translation>
    </message>
    <message>
        <source>&amp;Transfer</source>
        <translation>传输(&amp;T)</translation>
    </message>
    <message>
        <source>V&amp;iew</source>
        <translation>视图(&amp;I)</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>帮助(&amp;H)</translation>
    </message>
    <message>
        <source>Toolbar</source>
        <translation>工具栏</translation>
    </message>
    <message>
        <source>New connection</source>
        <translation>新建连接</translation>
    </message>
    <message>
        <source>Upload</source>
        <translation>上传</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>New volume</source>
        <translation>新建卷</translation>
    </message>
    <message>
        <source>Refresh</source>
        <translation>刷新</translation>
    </message>
    <message>
        <source>Preferences</source>
        <translation>首选项</translation>
    </message>
    <message>
        <source>working…</source>
        <translation>正在处理…</translation>
    </message>
    <message>
        <source>Saved: {0} in this session, {1} ever</source>
        <translation>已节省：本次 {0}，累计 {1}</translation>
    </message>
    <message>
        <source>{0} could not be transferred</source>
        <translation>无法传输 {0}</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>{0}: done, {1} saved</source>
        <translation>{0}：已完成，节省 {1}</translation>
    </message>
    <message>
        <source>{0} exists already and was skipped</source>
        <translation>{0} 已存在，已跳过</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
    <message numerus="yes">
        <source>%n transfer(s) are running. Quit anyway?</source>
        <translation>
            <numerusform>有 %n 项传输正在进行。仍要退出吗？</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>MapPanel</name>
    <message>
        <source>Data speed of all transfers</source>
        <translation>所有传输的数据速度</translation>
    </message>
    <message>
        <source>No map of this transfer was kept</source>
        <translation>没有保留此传输的区段图</translation>
    </message>
    <message>
        <source>The image has not been looked at yet</source>
        <translation>尚未检查该镜像</translation>
    </message>
    <message>
        <source>moved {0}</source>
        <translation>已传送 {0}</translation>
    </message>
    <message>
        <source>outline, exact to {0}</source>
        <translation>轮廓，精确到 {0}</translation>
    </message>
    <message>
        <source>in flight {0}</source>
        <translation>在途 {0}</translation>
    </message>
    <message>
        <source>wire {0}</source>
        <translation>线路流量 {0}</translation>
    </message>
    <message>
        <source>saved {0} ({1})</source>
        <translation>节省 {0}（{1}）</translation>
    </message>
</context>
<context>
    <name>MessageBar</name>
    <message>
        <source>Messages</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>Show fewer messages</source>
        <translation>收起消息</translation>
    </message>
    <message>
        <source>1 more message</source>
        <translation>还有 1 条消息</translation>
    </message>
    <message>
        <source>{0} more messages</source>
        <translation>还有 {0} 条消息</translation>
    </message>
</context>
<context>
    <name>MessagePanel</name>
    <message>
        <source>Copy this message</source>
        <translation>复制此消息</translation>
    </message>
    <message>
        <source>Dismiss</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>详情</translation>
    </message>
    <message>
        <source>Show the daemon&apos;s own words</source>
        <translation>显示守护进程的原始消息</translation>
    </message>
    <message>
        <source>{0} ({1} times)</source>
        <translation>{0}（{1} 次）</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>提示</translation>
    </message>
    <message>
        <source>Success</source>
        <translation>成功</translation>
    </message>
    <message>
        <source>Warning</source>
        <translation>警告</translation>
    </message>
    <message>
        <source>Error</source>
        <translation>错误</translation>
    </message>
</context>
<context>
    <name>MovingCommands</name>
    <message>
        <source>Connect to a daemon first: there is no pool to upload to.</source>
        <translation>请先连接到守护进程：没有可供上传的存储池。</translation>
    </message>
    <message numerus="yes">
        <source>Connect to a daemon first: then you are asked where to upload %n file(s).</source>
        <translation>
            <numerusform>请先连接到守护进程：随后会询问将 %n 个文件上传到何处。</numerusform>
        </translation>
    </message>
    <message>
        <source>{0} is not connected. Connect first, then drop again.</source>
        <translation>{0} 未连接。请先连接，然后重新拖放。</translation>
    </message>
    <message>
        <source>Drop onto one of the pools of {0}.</source>
        <translation>请拖放到 {0} 的某个存储池上。</translation>
    </message>
    <message>
        <source>The pool {0} is stopped. Start it first.</source>
        <translation>存储池 {0} 已停止。请先启动它。</translation>
    </message>
    <message>
        <source>A volume cannot be dragged out of the window here: this desktop has no way to ask where it is to be saved. Use Download instead.</source>
        <translation>此处无法将卷拖出窗口：该桌面环境无法询问保存位置。请改用“下载”。</translation>
    </message>
    <message>
        <source>The volumes are in this pool already. Drop them onto another one.</source>
        <translation>这些卷已在此存储池中。请拖放到另一个存储池上。</translation>
    </message>
</context>
<context>
    <name>NewVolumeDialog</name>
    <message>
        <source>New volume in {0}</source>
        <translation>在 {0} 中新建卷</translation>
    </message>
    <message>
        <source>Create</source>
        <translation>创建</translation>
    </message>
    <message>
        <source>&amp;Allocate all of it now</source>
        <translation>立即分配全部空间(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;Name:</source>
        <translation>名称(&amp;N)：</translation>
    </message>
    <message>
        <source>&amp;Format:</source>
        <translation>格式(&amp;F)：</translation>
    </message>
    <message>
        <source>&amp;Capacity:</source>
        <translation>容量(&amp;C)：</translation>
    </message>
    <message>
        <source>Free in the pool:</source>
        <translation>存储池剩余空间：</translation>
    </message>
    <message>
        <source>Give the volume a name.</source>
        <translation>请为卷命名。</translation>
    </message>
    <message>
        <source>Write the capacity like 40 GiB.</source>
        <translation>请按 40 GiB 这样的形式填写容量。</translation>
    </message>
    <message>
        <source>The pool has only {0} free.</source>
        <translation>存储池仅剩余 {0}。</translation>
    </message>
</context>
<context>
    <name>PathField</name>
    <message>
        <source>Choose</source>
        <translation>选择</translation>
    </message>
</context>
<context>
    <name>Permissions</name>
    <message>
        <source>O&amp;wner and group:</source>
        <translation>所有者和组(&amp;W)：</translation>
    </message>
    <message>
        <source>&amp;Mode:</source>
        <translation>权限(&amp;M)：</translation>
    </message>
    <message>
        <source>Write owner and group as numbers, like 107:107.</source>
        <translation>请用数字填写所有者和组，例如 107:107。</translation>
    </message>
    <message>
        <source>Write the mode in octal digits, like 0644.</source>
        <translation>请用八进制数字填写权限，例如 0644。</translation>
    </message>
    <message>
        <source>as the pool has it</source>
        <translation>与存储池相同</translation>
    </message>
</context>
<context>
    <name>PoolCommands</name>
    <message>
        <source>The pool {0} could not be started</source>
        <translation>无法启动存储池 {0}</translation>
    </message>
    <message>
        <source>Stop the pool {0}? Nothing is deleted, but its volumes cannot be used.</source>
        <translation>要停止存储池 {0} 吗？不会删除任何内容，但其中的卷将无法使用。</translation>
    </message>
    <message>
        <source>Stop the pool {0}? It is transient: the daemon forgets it then.</source>
        <translation>要停止存储池 {0} 吗？它是临时的：停止后守护进程不再保留其定义。</translation>
    </message>
    <message>
        <source>Stop pool</source>
        <translation>停止存储池</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>The pool {0} could not be stopped</source>
        <translation>无法停止存储池 {0}</translation>
    </message>
    <message>
        <source>The pool {0} could not be refreshed</source>
        <translation>无法刷新存储池 {0}</translation>
    </message>
    <message>
        <source>Autostart of {0} could not be changed</source>
        <translation>无法更改 {0} 的自动启动设置</translation>
    </message>
    <message>
        <source>Undefine pool</source>
        <translation>取消定义存储池</translation>
    </message>
    <message>
        <source>Have the daemon forget the pool {0}? Its storage stays.</source>
        <translation>要让守护进程取消存储池 {0} 的定义吗？其存储内容会保留。</translation>
    </message>
    <message>
        <source>Undefine</source>
        <translation>取消定义</translation>
    </message>
    <message>
        <source>The pool {0} could not be undefined</source>
        <translation>无法取消定义存储池 {0}</translation>
    </message>
    <message>
        <source>The pool {0} could not be defined</source>
        <translation>无法定义存储池 {0}</translation>
    </message>
    <message>
        <source>Pool {0}</source>
        <translation>存储池 {0}</translation>
    </message>
    <message>
        <source>The pool {0} cannot be read</source>
        <translation>无法读取存储池 {0}</translation>
    </message>
</context>
<context>
    <name>PreferencesDialog</name>
    <message>
        <source>Preferences</source>
        <translation>首选项</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Like the desktop</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>&amp;Read back and compare after each transfer</source>
        <translation>每次传输后读回并比较(&amp;R)</translation>
    </message>
    <message>
        <source>St&amp;art transfers at once</source>
        <translation>立即开始传输(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;Notify when a long transfer ends</source>
        <translation>长时间传输结束时通知(&amp;N)</translation>
    </message>
    <message>
        <source>Show an &amp;icon in the tray</source>
        <translation>在托盘中显示图标(&amp;I)</translation>
    </message>
    <message>
        <source>Show an &amp;icon in the tray (this desktop has no tray)</source>
        <translation>在托盘中显示图标(&amp;I)（此桌面没有托盘）</translation>
    </message>
    <message>
        <source>&amp;Connect to all saved connections at start</source>
        <translation>启动时连接所有已保存的连接(&amp;C)</translation>
    </message>
    <message>
        <source>Download to</source>
        <translation>下载到</translation>
    </message>
    <message>
        <source>ask each time</source>
        <translation>每次询问</translation>
    </message>
    <message>
        <source>&amp;Theme:</source>
        <translation>主题(&amp;T)：</translation>
    </message>
    <message>
        <source>&amp;Language:</source>
        <translation>语言(&amp;L)：</translation>
    </message>
    <message>
        <source>If it &amp;exists:</source>
        <translation>若已存在(&amp;E)：</translation>
    </message>
    <message>
        <source>Total &amp;speed:</source>
        <translation>总速度(&amp;S)：</translation>
    </message>
    <message>
        <source>Transfers at &amp;once:</source>
        <translation>同时传输数(&amp;O)：</translation>
    </message>
    <message>
        <source>&amp;Download to:</source>
        <translation>下载到(&amp;D)：</translation>
    </message>
    <message>
        <source>O&amp;wner of new volumes:</source>
        <translation>新卷的所有者(&amp;W)：</translation>
    </message>
    <message>
        <source>&amp;Mode of new volumes:</source>
        <translation>新卷的权限(&amp;M)：</translation>
    </message>
    <message>
        <source>The language changes when Lacuna is started the next time.</source>
        <translation>语言将在下次启动 Lacuna 时更改。</translation>
    </message>
</context>
<context>
    <name>Problem</name>
    <message>
        <source>Something went wrong inside Lacuna</source>
        <translation>Lacuna 内部出错</translation>
    </message>
    <message>
        <source>This is a defect of Lacuna. Please report it with the text below.</source>
        <translation>这是 Lacuna 的缺陷。请附上下面的文字进行报告。</translation>
    </message>
    <message>
        <source>{0}.</source>
        <translation>{0}。</translation>
    </message>
    <message>
        <source>Check user name and password. On a local system daemon, membership in the group libvirt or a polkit rule lets you in.</source>
        <translation>请检查用户名和密码。对于本机的系统守护进程，加入 libvirt 组或设置 polkit 规则即可获得访问权限。</translation>
    </message>
    <message>
        <source>Check that the daemon is running there and that the address is right.</source>
        <translation>请检查对方的守护进程是否在运行，以及地址是否正确。</translation>
    </message>
    <message>
        <source>Connect again; transfers continue from what had arrived.</source>
        <translation>请重新连接；传输会从已送达的位置继续。</translation>
    </message>
    <message>
        <source>Another client is using the volume. Try again in a moment.</source>
        <translation>另一个客户端正在使用该卷。请稍后重试。</translation>
    </message>
    <message>
        <source>Choose another name, or replace the volume.</source>
        <translation>请换一个名称，或替换该卷。</translation>
    </message>
    <message>
        <source>Somebody else may have removed it. Refresh the list.</source>
        <translation>可能已被他人移除。请刷新列表。</translation>
    </message>
    <message>
        <source>Check that the pool is started.</source>
        <translation>请检查存储池是否已启动。</translation>
    </message>
    <message>
        <source>Connect with a user who may write.</source>
        <translation>请使用有写入权限的用户连接。</translation>
    </message>
    <message>
        <source>Make room there, or choose another pool.</source>
        <translation>请在那里腾出空间，或选择另一个存储池。</translation>
    </message>
    <message>
        <source>This daemon or kind of pool cannot do it.</source>
        <translation>此守护进程或此类存储池不支持该操作。</translation>
    </message>
    <message>
        <source>Check the permissions and the state of the file system.</source>
        <translation>请检查权限和文件系统的状态。</translation>
    </message>
</context>
<context>
    <name>Prompts</name>
    <message>
        <source>Connect</source>
        <translation>连接</translation>
    </message>
    <message>
        <source>Unknown host</source>
        <translation>未知主机</translation>
    </message>
    <message>
        <source>Trust this host</source>
        <translation>信任此主机</translation>
    </message>
    <message>
        <source>User name needed</source>
        <translation>需要用户名</translation>
    </message>
    <message>
        <source>Passphrase needed</source>
        <translation>需要密码短语</translation>
    </message>
    <message>
        <source>Password needed</source>
        <translation>需要密码</translation>
    </message>
</context>
<context>
    <name>RateField</name>
    <message>
        <source>no limit</source>
        <translation>不限</translation>
    </message>
</context>
<context>
    <name>ResizeDialog</name>
    <message>
        <source>Resize {0}</source>
        <translation>调整 {0} 的大小</translation>
    </message>
    <message>
        <source>Resize</source>
        <translation>调整大小</translation>
    </message>
    <message>
        <source>&amp;Shrink: what is behind the new end is lost</source>
        <translation>缩小(&amp;S)：新末尾之后的内容将丢失</translation>
    </message>
    <message>
        <source>Now:</source>
        <translation>当前：</translation>
    </message>
    <message>
        <source>&amp;Capacity:</source>
        <translation>容量(&amp;C)：</translation>
    </message>
    <message>
        <source>Write the capacity like 40 GiB.</source>
        <translation>请按 40 GiB 这样的形式填写容量。</translation>
    </message>
    <message>
        <source>That is the capacity it has.</source>
        <translation>容量与当前相同。</translation>
    </message>
    <message>
        <source>That is smaller than now. Tick the box if this is meant.</source>
        <translation>这比当前容量小。如确实需要，请勾选该选项。</translation>
    </message>
</context>
<context>
    <name>Rows</name>
    <message>
        <source>The next try is at {0}.</source>
        <translation>下次重试时间：{0}。</translation>
    </message>
    <message>
        <source>Something went wrong inside Lacuna</source>
        <translation>Lacuna 内部出错</translation>
    </message>
    <message>
        <source>This is a defect of Lacuna. Please report it with the text below.</source>
        <translation>这是 Lacuna 的缺陷。请附上下面的文字进行报告。</translation>
    </message>
</context>
<context>
    <name>SecretDialog</name>
    <message>
        <source>For:</source>
        <translation>用于：</translation>
    </message>
    <message>
        <source>&amp;Answer:</source>
        <translation>回答(&amp;A)：</translation>
    </message>
    <message>
        <source>&amp;User name:</source>
        <translation>用户名(&amp;U)：</translation>
    </message>
    <message>
        <source>&amp;Passphrase:</source>
        <translation>密码短语(&amp;P)：</translation>
    </message>
    <message>
        <source>&amp;Password:</source>
        <translation>密码(&amp;P)：</translation>
    </message>
    <message>
        <source>&amp;Remember in the keyring</source>
        <translation>保存到密钥环(&amp;R)</translation>
    </message>
    <message>
        <source>Kept until Lacuna ends: there is no keyring</source>
        <translation>仅保留到 Lacuna 退出：没有可用的密钥环</translation>
    </message>
    <message>
        <source>That was not accepted. Try again.</source>
        <translation>未被接受。请重试。</translation>
    </message>
</context>
<context>
    <name>ShortcutsDialog</name>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>Zoom the extent map in, out, to fit</source>
        <translation>放大、缩小区段图，或显示全部</translation>
    </message>
    <message>
        <source>Move in the extent map</source>
        <translation>在区段图中移动</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>按键</translation>
    </message>
</context>
<context>
    <name>SidebarDelegate</name>
    <message>
        <source>stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>{0}, not safe</source>
        <translation>{0}，不安全</translation>
    </message>
</context>
<context>
    <name>SpeedGraph</name>
    <message>
        <source>Speed</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>now: {0}</source>
        <translation>当前：{0}</translation>
    </message>
    <message>
        <source>{0} ago: {1}</source>
        <translation>{0} 前：{1}</translation>
    </message>
    <message>
        <source>peak {0}</source>
        <translation>峰值 {0}</translation>
    </message>
    <message>
        <source>{0} ago</source>
        <translation>{0} 前</translation>
    </message>
    <message>
        <source>now</source>
        <translation>当前</translation>
    </message>
    <message>
        <source>{0} now, {1} on average, {2} at most</source>
        <translation>当前 {0}，平均 {1}，最高 {2}</translation>
    </message>
</context>
<context>
    <name>TransferCommands</name>
    <message>
        <source>Cancel transfers</source>
        <translation>取消传输</translation>
    </message>
    <message numerus="yes">
        <source>Cancel %n running transfer(s)? What has arrived is removed.</source>
        <translation>
            <numerusform>要取消 %n 项正在进行的传输吗？已送达的内容将被移除。</numerusform>
        </translation>
    </message>
    <message>
        <source>Cancel transfer</source>
        <translation>取消传输</translation>
    </message>
    <message>
        <source>Remove transfers</source>
        <translation>移除传输</translation>
    </message>
    <message numerus="yes">
        <source>%n of them are running and are cancelled first.</source>
        <translation>
            <numerusform>其中 %n 项正在进行，将先被取消。</numerusform>
        </translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Limit speed</source>
        <translation>限制速度</translation>
    </message>
    <message>
        <source>Data speed of each of the selected transfers:</source>
        <translation>每项所选传输的数据速度：</translation>
    </message>
    <message>
        <source>Limit total speed</source>
        <translation>限制总速度</translation>
    </message>
    <message>
        <source>Data speed of all transfers together:</source>
        <translation>所有传输合计的数据速度：</translation>
    </message>
    <message>
        <source>Nothing on this desktop shows the folder {0}.</source>
        <translation>此桌面上没有能显示文件夹 {0} 的程序。</translation>
    </message>
    <message>
        <source>Upload</source>
        <translation>上传</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Image {0}: data {1}, holes {2}, zeros {3}</source>
        <translation>镜像 {0}：数据 {1}，空洞 {2}，零 {3}</translation>
    </message>
    <message>
        <source>Moved {0}, saved {1}</source>
        <translation>已传送 {0}，节省 {1}</translation>
    </message>
    <message>
        <source>Priority {0}</source>
        <translation>优先级 {0}</translation>
    </message>
</context>
<context>
    <name>TransfersModel</name>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>From and to</source>
        <translation>来源与目标</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Data speed</source>
        <translation>数据速度</translation>
    </message>
    <message>
        <source>Time left</source>
        <translation>剩余时间</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Saved</source>
        <translation>节省</translation>
    </message>
    <message>
        <source>{0} percent of {1}, {2} saved</source>
        <translation>{1} 的 {0}%，节省 {2}</translation>
    </message>
    <message>
        <source>Image {0}: data {1}, holes {2}, zeros {3}</source>
        <translation>镜像 {0}：数据 {1}，空洞 {2}，零 {3}</translation>
    </message>
    <message>
        <source>Moved {0}, saved {1}</source>
        <translation>已传送 {0}，节省 {1}</translation>
    </message>
    <message>
        <source>Priority {0}</source>
        <translation>优先级 {0}</translation>
    </message>
    <message>
        <source>Limit {0}</source>
        <translation>限速 {0}</translation>
    </message>
</context>
<context>
    <name>TransfersPanel</name>
    <message>
        <source>Nothing is being transferred</source>
        <translation>没有正在进行的传输</translation>
    </message>
    <message>
        <source>Nothing waits</source>
        <translation>没有等待中的传输</translation>
    </message>
    <message>
        <source>Nothing has been finished yet</source>
        <translation>尚无已完成的传输</translation>
    </message>
    <message>
        <source>Nothing has failed</source>
        <translation>没有失败的传输</translation>
    </message>
    <message>
        <source>Transfers</source>
        <translation>传输</translation>
    </message>
    <message>
        <source>Active</source>
        <translation>进行中</translation>
    </message>
    <message>
        <source>Queued</source>
        <translation>排队中</translation>
    </message>
    <message>
        <source>Finished</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>off</source>
        <translation>关</translation>
    </message>
    <message>
        <source>Limit: {0}</source>
        <translation>限速：{0}</translation>
    </message>
</context>
<context>
    <name>Tray</name>
    <message>
        <source>Transfers are paused</source>
        <translation>传输已暂停</translation>
    </message>
    <message numerus="yes">
        <source>%n transfer(s) under way</source>
        <translation>
            <numerusform>正在进行 %n 项传输</numerusform>
        </translation>
    </message>
    <message>
        <source>{0} of {1}</source>
        <translation>{1} 中的 {0}</translation>
    </message>
    <message>
        <source>&amp;Hide window</source>
        <translation>隐藏窗口(&amp;H)</translation>
    </message>
    <message>
        <source>&amp;Show window</source>
        <translation>显示窗口(&amp;S)</translation>
    </message>
</context>
<context>
    <name>UploadDialog</name>
    <message>
        <source>Upload</source>
        <translation>上传</translation>
    </message>
    <message>
        <source>Pool</source>
        <translation>存储池</translation>
    </message>
    <message>
        <source>&amp;To pool:</source>
        <translation>目标存储池(&amp;T)：</translation>
    </message>
    <message>
        <source>as detected</source>
        <translation>自动识别</translation>
    </message>
    <message>
        <source>&amp;Format:</source>
        <translation>格式(&amp;F)：</translation>
    </message>
    <message>
        <source>Files</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Allocated</source>
        <translation>已分配</translation>
    </message>
    <message>
        <source>To send</source>
        <translation>待发送</translation>
    </message>
    <message>
        <source>Volume</source>
        <translation>卷</translation>
    </message>
    <message>
        <source>Check</source>
        <translation>检查</translation>
    </message>
    <message>
        <source>A&amp;dd files…</source>
        <translation>添加文件(&amp;D)…</translation>
    </message>
    <message>
        <source>Take off the &amp;list</source>
        <translation>从列表中去除(&amp;L)</translation>
    </message>
    <message>
        <source>Choose images</source>
        <translation>选择镜像</translation>
    </message>
    <message>
        <source>{0} (stopped)</source>
        <translation>{0}（已停止）</translation>
    </message>
    <message>
        <source>A guest sees {0}</source>
        <translation>虚拟机看到的大小为 {0}</translation>
    </message>
    <message>
        <source>looking…</source>
        <translation>正在检查…</translation>
    </message>
    <message>
        <source>Two files cannot have the same name.</source>
        <translation>两个文件不能同名。</translation>
    </message>
    <message>
        <source>This is not {0}; it looks like {1}.</source>
        <translation>这不是 {0}；看起来是 {1}。</translation>
    </message>
    <message>
        <source>exists already</source>
        <translation>已存在</translation>
    </message>
    <message>
        <source>replaces the volume that is there</source>
        <translation>将替换现有的卷</translation>
    </message>
    <message>
        <source>exists already, will be skipped</source>
        <translation>已存在，将跳过</translation>
    </message>
    <message>
        <source>will be named {0}</source>
        <translation>将命名为 {0}</translation>
    </message>
    <message>
        <source>overlay of {0}, which is not sent</source>
        <translation>基于 {0} 的覆盖层，后者不会发送</translation>
    </message>
    <message>
        <source>saves {0}</source>
        <translation>节省 {0}</translation>
    </message>
    <message>
        <source>ready</source>
        <translation>就绪</translation>
    </message>
    <message>
        <source>Connect to a daemon first: there is no pool to upload to.</source>
        <translation>请先连接到守护进程：没有可供上传的存储池。</translation>
    </message>
    <message>
        <source>The connection is closed.</source>
        <translation>连接已关闭。</translation>
    </message>
    <message>
        <source>The pool {0} is stopped. Start it first.</source>
        <translation>存储池 {0} 已停止。请先启动它。</translation>
    </message>
    <message>
        <source>Add files, or drop them onto the window.</source>
        <translation>请添加文件，或将文件拖放到窗口上。</translation>
    </message>
    <message>
        <source>This cannot be sent: {0}</source>
        <translation>无法发送：{0}</translation>
    </message>
    <message>
        <source>The files are still being looked at…</source>
        <translation>仍在检查文件…</translation>
    </message>
    <message>
        <source>{0} to send, and only {1} free in the pool.</source>
        <translation>需发送 {0}，而存储池仅剩余 {1}。</translation>
    </message>
    <message>
        <source>To send: {0} of {1}. Free in the pool: {2}.</source>
        <translation>待发送：{0}，共 {1}。存储池剩余：{2}。</translation>
    </message>
</context>
<context>
    <name>VolumeCommands</name>
    <message>
        <source>The volume {0} could not be created</source>
        <translation>无法创建卷 {0}</translation>
    </message>
    <message>
        <source>{0} was created</source>
        <translation>已创建 {0}</translation>
    </message>
    <message>
        <source>{0} could not be cloned</source>
        <translation>无法克隆 {0}</translation>
    </message>
    <message>
        <source>{0} was cloned</source>
        <translation>已克隆 {0}</translation>
    </message>
    <message>
        <source>{0} could not be resized</source>
        <translation>无法调整 {0} 的大小</translation>
    </message>
    <message>
        <source>{0} was resized</source>
        <translation>已调整 {0} 的大小</translation>
    </message>
    <message>
        <source>Volume {0}</source>
        <translation>卷 {0}</translation>
    </message>
    <message>
        <source>{0} cannot be read</source>
        <translation>无法读取 {0}</translation>
    </message>
    <message>
        <source>Wipe volumes</source>
        <translation>擦除卷</translation>
    </message>
    <message numerus="yes">
        <source>Overwrite all data of %n volume(s) with zeros? It is lost.</source>
        <translation>
            <numerusform>要用零覆盖 %n 个卷的全部数据吗？数据将丢失。</numerusform>
        </translation>
    </message>
    <message>
        <source>Wipe</source>
        <translation>擦除</translation>
    </message>
    <message>
        <source>{0} could not be wiped</source>
        <translation>无法擦除 {0}</translation>
    </message>
    <message>
        <source>Delete volumes</source>
        <translation>删除卷</translation>
    </message>
    <message numerus="yes">
        <source>Delete %n volume(s) on the host? This cannot be undone.</source>
        <translation>
            <numerusform>要删除主机上的 %n 个卷吗？此操作无法撤销。</numerusform>
        </translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>{0} could not be deleted</source>
        <translation>无法删除 {0}</translation>
    </message>
</context>
<context>
    <name>Volumes</name>
    <message>
        <source>There is a volume of that name already.</source>
        <translation>已有同名的卷。</translation>
    </message>
</context>
<context>
    <name>VolumesModel</name>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>Capacity</source>
        <translation>容量</translation>
    </message>
    <message>
        <source>Allocated</source>
        <translation>已分配</translation>
    </message>
    <message>
        <source>Modified</source>
        <translation>修改时间</translation>
    </message>
    <message>
        <source>{0} of {1} allocated</source>
        <translation>已分配 {0}，共 {1}</translation>
    </message>
    <message>
        <source>Overlay of {0}</source>
        <translation>基于 {0} 的覆盖层</translation>
    </message>
</context>
<context>
    <name>VolumesPanel</name>
    <message>
        <source>Filter</source>
        <translation>筛选</translation>
    </message>
    <message>
        <source>Filter volumes by name</source>
        <translation>按名称筛选卷</translation>
    </message>
    <message>
        <source>Part of a name, or a pattern with * and ?</source>
        <translation>名称的一部分，或使用通配符 * 和 ?</translation>
    </message>
    <message numerus="yes">
        <source>{0} of %n volume(s)</source>
        <translation>
            <numerusform>%n 个卷中的 {0} 个</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n volume(s)</source>
        <translation>
            <numerusform>%n 个卷</numerusform>
        </translation>
    </message>
    <message>
        <source>{0} free</source>
        <translation>剩余 {0}</translation>
    </message>
    <message>
        <source>No connection</source>
        <translation>没有连接</translation>
    </message>
    <message>
        <source>Connect to a libvirt daemon to see its pools and volumes.</source>
        <translation>连接到 libvirt 守护进程以查看其存储池和卷。</translation>
    </message>
    <message>
        <source>New connection…</source>
        <translation>新建连接…</translation>
    </message>
    <message>
        <source>Connecting to {0}…</source>
        <translation>正在连接到 {0}…</translation>
    </message>
    <message>
        <source>Not connected</source>
        <translation>未连接</translation>
    </message>
    <message>
        <source>Connect</source>
        <translation>连接</translation>
    </message>
    <message>
        <source>Choose a pool</source>
        <translation>选择存储池</translation>
    </message>
    <message>
        <source>Its volumes are shown here.</source>
        <translation>其中的卷将显示在此处。</translation>
    </message>
    <message>
        <source>The pool is stopped</source>
        <translation>存储池已停止</translation>
    </message>
    <message>
        <source>Its volumes can be seen and used when it is started.</source>
        <translation>启动后即可查看和使用其中的卷。</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>启动</translation>
    </message>
    <message>
        <source>Listing volumes…</source>
        <translation>正在列出卷…</translation>
    </message>
    <message>
        <source>No volume matches</source>
        <translation>没有匹配的卷</translation>
    </message>
    <message>
        <source>The pool is empty</source>
        <translation>存储池是空的</translation>
    </message>
    <message>
        <source>Drop images here to upload them.</source>
        <translation>将镜像拖放到此处即可上传。</translation>
    </message>
    <message>
        <source>Upload…</source>
        <translation>上传…</translation>
    </message>
</context>
<context>
    <name>WorkerQueue</name>
    <message>
        <source>The process that transfers has ended unexpectedly</source>
        <translation>传输进程意外结束</translation>
    </message>
    <message>
        <source>It is started again, and transfers go on.</source>
        <translation>它会重新启动，传输将继续进行。</translation>
    </message>
    <message>
        <source>The process that transfers ends again and again</source>
        <translation>传输进程反复结束</translation>
    </message>
    <message>
        <source>Whatever you do with a transfer starts it once more.</source>
        <translation>对任何传输进行操作都会再次启动它。</translation>
    </message>
</context>
<context>
    <name>_LogTable</name>
    <message>
        <source>Log</source>
        <translation>日志</translation>
    </message>
</context>
<context>
    <name>_Table</name>
    <message>
        <source>Volumes</source>
        <translation>卷</translation>
    </message>
    <message>
        <source>Drop images here to upload</source>
        <translation>将镜像拖放到此处上传</translation>
    </message>
</context>
<context>
    <name>_TransferTable</name>
    <message>
        <source>Transfers</source>
        <translation>传输</translation>
    </message>
</context>
<context>
    <name>extents</name>
    <message>
        <source>Data</source>
        <translation>数据</translation>
    </message>
    <message>
        <source>Hole</source>
        <translation>空洞</translation>
    </message>
    <message>
        <source>Zeros</source>
        <translation>零</translation>
    </message>
    <message>
        <source>Holes</source>
        <translation>空洞</translation>
    </message>
    <message>
        <source>Pending</source>
        <translation>待传送</translation>
    </message>
    <message>
        <source>In flight</source>
        <translation>在途</translation>
    </message>
    <message>
        <source>Acknowledged</source>
        <translation>已确认</translation>
    </message>
    <message>
        <source>Verified</source>
        <translation>已校验</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>Not known yet</source>
        <translation>尚不清楚</translation>
    </message>
    <message>
        <source>{0} to {1}</source>
        <translation>{0} 至 {1}</translation>
    </message>
    <message>
        <source>No extents</source>
        <translation>没有区段</translation>
    </message>
    <message>
        <source>{0} in all</source>
        <translation>共 {0}</translation>
    </message>
    <message>
        <source>{0} not known yet</source>
        <translation>{0} 尚不清楚</translation>
    </message>
</context>
<context>
    <name>format</name>
    <message>
        <source>{0} d {1} h</source>
        <translation>{0} 天 {1} 小时</translation>
    </message>
    <message>
        <source>{0} s</source>
        <translation>{0} 秒</translation>
    </message>
    <message>
        <source>1 byte</source>
        <translation>1 字节</translation>
    </message>
    <message>
        <source>{0} bytes</source>
        <translation>{0} 字节</translation>
    </message>
</context>
<context>
    <name>words</name>
    <message>
        <source>starting</source>
        <translation>正在开始</translation>
    </message>
    <message>
        <source>scanning</source>
        <translation>正在扫描</translation>
    </message>
    <message>
        <source>checking</source>
        <translation>正在检查</translation>
    </message>
    <message>
        <source>creating</source>
        <translation>正在创建</translation>
    </message>
    <message>
        <source>sending</source>
        <translation>正在发送</translation>
    </message>
    <message>
        <source>receiving</source>
        <translation>正在接收</translation>
    </message>
    <message>
        <source>finishing</source>
        <translation>正在收尾</translation>
    </message>
    <message>
        <source>verifying</source>
        <translation>正在校验</translation>
    </message>
    <message>
        <source>ending</source>
        <translation>正在结束</translation>
    </message>
    <message>
        <source>waiting for try {0}</source>
        <translation>等待第 {0} 次尝试</translation>
    </message>
    <message>
        <source>queued</source>
        <translation>排队中</translation>
    </message>
    <message>
        <source>stalled</source>
        <translation>停滞</translation>
    </message>
    <message>
        <source>paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>done</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>skipped</source>
        <translation>已跳过</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>cancelled</source>
        <translation>已取消</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>being built</source>
        <translation>正在构建</translation>
    </message>
    <message>
        <source>active</source>
        <translation>活动</translation>
    </message>
    <message>
        <source>degraded</source>
        <translation>降级</translation>
    </message>
    <message>
        <source>not accessible</source>
        <translation>无法访问</translation>
    </message>
    <message>
        <source>local</source>
        <translation>本地</translation>
    </message>
    <message>
        <source>Do not touch it</source>
        <translation>保持不变</translation>
    </message>
    <message>
        <source>Replace it</source>
        <translation>替换</translation>
    </message>
    <message>
        <source>Use another name</source>
        <translation>使用其他名称</translation>
    </message>
    <message>
        <source>Skip</source>
        <translation>跳过</translation>
    </message>
    <message>
        <source>If it &amp;exists:</source>
        <translation>若已存在(&amp;E)：</translation>
    </message>
    <message>
        <source>&amp;Speed of each:</source>
        <translation>每项速度(&amp;S)：</translation>
    </message>
    <message>
        <source>&amp;Read back and compare</source>
        <translation>读回并比较(&amp;R)</translation>
    </message>
    <message>
        <source>Connections:</source>
        <translation>连接数：</translation>
    </message>
    <message>
        <source>&amp;Keep the old content until the new one is complete</source>
        <translation>在新内容完整之前保留旧内容(&amp;K)</translation>
    </message>
    <message>
        <source>Write even if a running machine &amp;uses the volume</source>
        <translation>即使运行中的虚拟机正在使用该卷也写入(&amp;U)</translation>
    </message>
    <message>
        <source>More &amp;options</source>
        <translation>更多选项(&amp;O)</translation>
    </message>
    <message>
        <source>Do not send &amp;zeros, make holes of them</source>
        <translation>不发送零，改为空洞(&amp;Z)</translation>
    </message>
    <message>
        <source>St&amp;art at once</source>
        <translation>立即开始(&amp;A)</translation>
    </message>
</context>
</TS>
