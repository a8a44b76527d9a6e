<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>About</name>
    <message>
        <source>About Lacuna</source>
        <translation>Über Lacuna</translation>
    </message>
    <message>
        <source>Transfer manager for libvirt storage pools: moves disk images, sends only what is data, proves what arrived.</source>
        <translation>Übertragungsverwaltung für libvirt-Speicherpools: bewegt Abbilder, sendet nur, was Daten sind, und beweist, was angekommen ist.</translation>
    </message>
    <message>
        <source>Apache License 2.0</source>
        <translation>Apache-Lizenz 2.0</translation>
    </message>
</context>
<context>
    <name>Actions</name>
    <message>
        <source>&amp;New connection…</source>
        <translation>&amp;Neue Verbindung …</translation>
    </message>
    <message>
        <source>Add a connection to a libvirt daemon</source>
        <translation>Eine Verbindung zu einem libvirt-Dienst hinzufügen</translation>
    </message>
    <message>
        <source>&amp;Connect</source>
        <translation>&amp;Verbinden</translation>
    </message>
    <message>
        <source>&amp;Disconnect</source>
        <translation>&amp;Trennen</translation>
    </message>
    <message>
        <source>&amp;Edit…</source>
        <translation>Be&amp;arbeiten …</translation>
    </message>
    <message>
        <source>D&amp;uplicate…</source>
        <translation>&amp;Duplizieren …</translation>
    </message>
    <message>
        <source>Mo&amp;ve up</source>
        <translation>Nach &amp;oben</translation>
    </message>
    <message>
        <source>Move d&amp;own</source>
        <translation>Nac&amp;h unten</translation>
    </message>
    <message>
        <source>De&amp;lete connection…</source>
        <translation>Verbindung &amp;löschen …</translation>
    </message>
    <message>
        <source>&amp;Import connections…</source>
        <translation>Verbindungen &amp;importieren …</translation>
    </message>
    <message>
        <source>De&amp;fine pool…</source>
        <translation>Pool &amp;definieren …</translation>
    </message>
    <message>
        <source>&amp;Start</source>
        <translation>&amp;Starten</translation>
    </message>
    <message>
        <source>S&amp;top…</source>
        <translation>A&amp;nhalten …</translation>
    </message>
    <message>
        <source>&amp;Refresh</source>
        <translation>&amp;Aktualisieren</translation>
    </message>
    <message>
        <source>Have the daemon read the pool again</source>
        <translation>Den Pool vom Dienst neu einlesen lassen</translation>
    </message>
    <message>
        <source>Start with the &amp;host</source>
        <translation>&amp;Mit dem Rechner starten</translation>
    </message>
    <message>
        <source>Pool &amp;details…</source>
        <translation>&amp;Einzelheiten des Pools …</translation>
    </message>
    <message>
        <source>&amp;Undefine…</source>
        <translation>Definition &amp;löschen …</translation>
    </message>
    <message>
        <source>&amp;Upload…</source>
        <translation>&amp;Hochladen …</translation>
    </message>
    <message>
        <source>Send image files to this pool</source>
        <translation>Abbilder in diesen Pool senden</translation>
    </message>
    <message>
        <source>&amp;Download…</source>
        <translation>He&amp;runterladen …</translation>
    </message>
    <message>
        <source>Save the selected volumes as files</source>
        <translation>Die ausgewählten Datenträger als Dateien speichern</translation>
    </message>
    <message>
        <source>&amp;New volume…</source>
        <translation>&amp;Neuer Datenträger …</translation>
    </message>
    <message>
        <source>Create an empty volume</source>
        <translation>Einen leeren Datenträger anlegen</translation>
    </message>
    <message>
        <source>&amp;Clone…</source>
        <translation>&amp;Klonen …</translation>
    </message>
    <message>
        <source>Copy &amp;to pool…</source>
        <translation>In &amp;Pool kopieren …</translation>
    </message>
    <message>
        <source>&amp;Resize…</source>
        <translation>&amp;Größe ändern …</translation>
    </message>
    <message>
        <source>&amp;Wipe…</source>
        <translation>Über&amp;schreiben …</translation>
    </message>
    <message>
        <source>De&amp;lete…</source>
        <translation>&amp;Löschen …</translation>
    </message>
    <message>
        <source>Volume d&amp;etails…</source>
        <translation>&amp;Einzelheiten des Datenträgers …</translation>
    </message>
    <message>
        <source>Copy na&amp;me</source>
        <translation>Na&amp;men kopieren</translation>
    </message>
    <message>
        <source>&amp;Paste files</source>
        <translation>Dateien ein&amp;fügen</translation>
    </message>
    <message>
        <source>&amp;Filter volumes</source>
        <translation>Datenträger f&amp;iltern</translation>
    </message>
    <message>
        <source>&amp;Start now</source>
        <translation>&amp;Jetzt starten</translation>
    </message>
    <message>
        <source>&amp;Pause</source>
        <translation>&amp;Pausieren</translation>
    </message>
    <message>
        <source>&amp;Resume</source>
        <translation>&amp;Fortsetzen</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>A&amp;bbrechen</translation>
    </message>
    <message>
        <source>Re&amp;try</source>
        <translation>&amp;Erneut versuchen</translation>
    </message>
    <message>
        <source>Move &amp;down</source>
        <translation>Nach &amp;unten</translation>
    </message>
    <message>
        <source>Mo&amp;ve to the top</source>
        <translation>An den &amp;Anfang</translation>
    </message>
    <message>
        <source>Limit total sp&amp;eed…</source>
        <translation>&amp;Gesamtgeschwindigkeit begrenzen …</translation>
    </message>
    <message>
        <source>Re&amp;move from list</source>
        <translation>Aus der L&amp;iste entfernen</translation>
    </message>
    <message>
        <source>Move &amp;up</source>
        <translation>Nach &amp;oben</translation>
    </message>
    <message>
        <source>Move to the &amp;bottom</source>
        <translation>Ans En&amp;de</translation>
    </message>
    <message>
        <source>&amp;Higher priority</source>
        <translation>&amp;Höhere Priorität</translation>
    </message>
    <message>
        <source>Lo&amp;wer priority</source>
        <translation>&amp;Niedrigere Priorität</translation>
    </message>
    <message>
        <source>&amp;Limit speed…</source>
        <translation>Ge&amp;schwindigkeit begrenzen …</translation>
    </message>
    <message>
        <source>Open &amp;folder</source>
        <translation>O&amp;rdner öffnen</translation>
    </message>
    <message>
        <source>Cop&amp;y details</source>
        <translation>Einzelheiten &amp;kopieren</translation>
    </message>
    <message>
        <source>Pause &amp;all</source>
        <translation>A&amp;lle pausieren</translation>
    </message>
    <message>
        <source>Stop all transfers and start none until this is switched off</source>
        <translation>Alle Übertragungen anhalten und keine beginnen, bis dies wieder ausgeschaltet ist</translation>
    </message>
    <message>
        <source>Limit the speed of all transfers together</source>
        <translation>Die Geschwindigkeit aller Übertragungen zusammen begrenzen</translation>
    </message>
    <message>
        <source>Clear fi&amp;nished</source>
        <translation>Fer&amp;tige entfernen</translation>
    </message>
    <message>
        <source>Go to &amp;connections</source>
        <translation>Zu den &amp;Verbindungen</translation>
    </message>
    <message>
        <source>Go to &amp;volumes</source>
        <translation>Zu den &amp;Datenträgern</translation>
    </message>
    <message>
        <source>Go to &amp;transfers</source>
        <translation>Zu den Ü&amp;bertragungen</translation>
    </message>
    <message>
        <source>Go to the extent &amp;map</source>
        <translation>Zur &amp;Karte</translation>
    </message>
    <message>
        <source>Show &amp;sidebar</source>
        <translation>&amp;Seitenleiste zeigen</translation>
    </message>
    <message>
        <source>Show t&amp;ransfers</source>
        <translation>&amp;Übertragungen zeigen</translation>
    </message>
    <message>
        <source>Show &amp;extent map</source>
        <translation>K&amp;arte zeigen</translation>
    </message>
    <message>
        <source>&amp;Preferences…</source>
        <translation>&amp;Einstellungen …</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>&amp;Beenden</translation>
    </message>
    <message>
        <source>&amp;Keyboard shortcuts</source>
        <translation>&amp;Tastenkürzel</translation>
    </message>
    <message>
        <source>Copy &amp;diagnostics</source>
        <translation>&amp;Diagnose kopieren</translation>
    </message>
    <message>
        <source>Copy versions and the last errors, without any names</source>
        <translation>Versionen und die letzten Fehler kopieren, ohne irgendwelche Namen</translation>
    </message>
    <message>
        <source>&amp;About Lacuna</source>
        <translation>Ü&amp;ber Lacuna</translation>
    </message>
</context>
<context>
    <name>Advice</name>
    <message>
        <source>It may have been removed.</source>
        <translation>Vielleicht wurde es entfernt.</translation>
    </message>
    <message>
        <source>Refresh the list: it may have been removed.</source>
        <translation>Aktualisieren Sie die Liste: vielleicht wurde es entfernt.</translation>
    </message>
    <message>
        <source>Choose another name, or say that it may be replaced or skipped.</source>
        <translation>Wählen Sie einen anderen Namen, oder erlauben Sie, zu ersetzen oder zu überspringen.</translation>
    </message>
    <message>
        <source>Do not ask to keep the old content, or upload it under another name.</source>
        <translation>Verlangen Sie nicht, den alten Inhalt zu behalten, oder laden Sie unter einem anderen Namen hoch.</translation>
    </message>
    <message>
        <source>Make room in the pool, or do not ask to keep the old content: then it is given up first.</source>
        <translation>Schaffen Sie Platz im Pool, oder verlangen Sie nicht, den alten Inhalt zu behalten: dann wird er zuerst aufgegeben.</translation>
    </message>
    <message>
        <source>Shut it down first. If you ask for it, it is written to all the same, which destroys what the machine has on it.</source>
        <translation>Fahren Sie sie erst herunter. Wenn Sie es verlangen, wird der Datenträger trotzdem beschrieben; das zerstört, was die Maschine darauf hat.</translation>
    </message>
    <message>
        <source>Try again to start over, which gives up what has arrived.</source>
        <translation>Versuchen Sie es erneut, um von vorn zu beginnen; was angekommen ist, geht dabei verloren.</translation>
    </message>
    <message>
        <source>Choose the format as detected, or raw to send it as it is.</source>
        <translation>Wählen Sie das Format wie erkannt, oder raw, um es zu senden, wie es ist.</translation>
    </message>
    <message>
        <source>Both sides are kept. Start the transfer again, and let it replace what is there.</source>
        <translation>Beide Seiten bleiben erhalten. Starten Sie die Übertragung noch einmal und erlauben Sie zu ersetzen, was da ist.</translation>
    </message>
    <message>
        <source>Start the pool {0} first.</source>
        <translation>Starten Sie erst den Pool {0}.</translation>
    </message>
    <message>
        <source>Write auth=sasl, sasl.NAME or polkit.</source>
        <translation>Schreiben Sie auth=sasl, sasl.NAME oder polkit.</translation>
    </message>
    <message>
        <source>Your user may not manage libvirt here. Ask to be added to the group &apos;libvirt&apos; and log in again; or let the polkit agent of your desktop ask for a password; or use your own daemon, qemu:///session.</source>
        <translation>Ihr Benutzer darf libvirt hier nicht verwalten. Lassen Sie sich in die Gruppe „libvirt“ aufnehmen und melden Sie sich neu an; oder lassen Sie den polkit-Agenten Ihrer Arbeitsumgebung nach einem Passwort fragen; oder nehmen Sie Ihren eigenen Dienst, qemu:///session.</translation>
    </message>
    <message>
        <source>Your user may not manage libvirt there, and nobody can be asked for a password over SSH. Ask to be added to the group &apos;libvirt&apos; on that host, or log in as root@HOST.</source>
        <translation>Ihr Benutzer darf libvirt dort nicht verwalten, und über SSH kann niemand nach einem Passwort gefragt werden. Lassen Sie sich auf jenem Rechner in die Gruppe „libvirt“ aufnehmen, oder melden Sie sich als root@HOST an.</translation>
    </message>
    <message>
        <source>Your user may not manage libvirt there. Ask to be added to the group &apos;libvirt&apos; and log in again, or use a connection as root or the session connection.</source>
        <translation>Ihr Benutzer darf libvirt dort nicht verwalten. Lassen Sie sich in die Gruppe „libvirt“ aufnehmen und melden Sie sich neu an, oder verbinden Sie sich als root oder mit dem Dienst der Sitzung.</translation>
    </message>
    <message>
        <source>Your user may not manage libvirt here. Ask to be added to the group &apos;libvirt&apos; and log in again, or use the session connection (qemu:///session).</source>
        <translation>Ihr Benutzer darf libvirt hier nicht verwalten. Lassen Sie sich in die Gruppe „libvirt“ aufnehmen und melden Sie sich neu an, oder verbinden Sie sich mit dem Dienst der Sitzung (qemu:///session).</translation>
    </message>
    <message>
        <source>Ask to be added to the group &apos;libvirt&apos; on that host, or log in as root (qemu+ssh://root@host/system).</source>
        <translation>Lassen Sie sich auf jenem Rechner in die Gruppe „libvirt“ aufnehmen, oder melden Sie sich als root an (qemu+ssh://root@host/system).</translation>
    </message>
    <message>
        <source>A slow disk can stall the whole daemon; it may answer later.</source>
        <translation>Eine langsame Platte kann den ganzen Dienst aufhalten; vielleicht antwortet er später.</translation>
    </message>
    <message>
        <source>The daemon may be stalled by a slow disk, or is no libvirt daemon.</source>
        <translation>Vielleicht hält eine langsame Platte den Dienst auf, oder es ist kein Dienst von libvirt.</translation>
    </message>
    <message>
        <source>Check the port: 16509 is plain TCP, 16514 TLS. The daemon may also have too many clients; its log says so.</source>
        <translation>Prüfen Sie den Port: 16509 ist einfaches TCP, 16514 TLS. Vielleicht hat der Dienst auch zu viele Verbindungen; dann steht es in seinem Protokoll.</translation>
    </message>
    <message>
        <source>The network may be down or the host asleep.</source>
        <translation>Vielleicht ist das Netz gestört, oder der Rechner schläft.</translation>
    </message>
    <message>
        <source>Use TLS with a certificate that is checked, or SSH.</source>
        <translation>Nehmen Sie TLS mit einem Zertifikat, das geprüft wird, oder SSH.</translation>
    </message>
    <message>
        <source>Known are {0}.</source>
        <translation>Bekannt sind {0}.</translation>
    </message>
    <message>
        <source>Known ones: {0}.</source>
        <translation>Bekannt sind: {0}.</translation>
    </message>
    <message>
        <source>Known modes: auto, direct, legacy.</source>
        <translation>Bekannt sind: auto, direct, legacy.</translation>
    </message>
    <message>
        <source>Known transports: {0}.</source>
        <translation>Bekannte Transportwege: {0}.</translation>
    </message>
    <message>
        <source>Supported now: {0}.</source>
        <translation>Unterstützt werden: {0}.</translation>
    </message>
    <message>
        <source>Aliases in libvirt.conf: {0}.</source>
        <translation>Kurznamen in libvirt.conf: {0}.</translation>
    </message>
    <message>
        <source>Get one with kinit, use SSH, or have scram-sha-256 added to mech_list in the daemon&apos;s /etc/sasl2/libvirt.conf.</source>
        <translation>Holen Sie eines mit kinit, nehmen Sie SSH, oder lassen Sie in der /etc/sasl2/libvirt.conf des Dienstes scram-sha-256 in mech_list aufnehmen.</translation>
    </message>
    <message>
        <source>The daemon&apos;s administrator sets them with mech_list in /etc/sasl2/libvirt.conf.</source>
        <translation>Der Verwalter des Dienstes legt sie mit mech_list in /etc/sasl2/libvirt.conf fest.</translation>
    </message>
    <message>
        <source>Use TLS or SSH.</source>
        <translation>Nehmen Sie TLS oder SSH.</translation>
    </message>
    <message>
        <source>Use TLS or SSH rather than plain TCP.</source>
        <translation>Nehmen Sie TLS oder SSH statt einfachem TCP.</translation>
    </message>
    <message>
        <source>Use TLS or SSH, or have digest-md5 added to mech_list in /etc/sasl2/libvirt.conf.</source>
        <translation>Nehmen Sie TLS oder SSH, oder lassen Sie in /etc/sasl2/libvirt.conf digest-md5 in mech_list aufnehmen.</translation>
    </message>
    <message>
        <source>`klist` shows your tickets, and `kinit` gets one.</source>
        <translation>„klist“ zeigt Ihre Tickets, und „kinit“ holt eines.</translation>
    </message>
    <message>
        <source>They are from {0}. The daemon does not say which of the two is wrong; its users are set with saslpasswd2 -a libvirt USER.</source>
        <translation>Sie stammen aus {0}. Der Dienst sagt nicht, was von beidem falsch ist; seine Benutzer werden mit saslpasswd2 -a libvirt USER angelegt.</translation>
    </message>
    <message>
        <source>The daemon does not say which of the two is wrong; its users are set with saslpasswd2 -a libvirt USER.</source>
        <translation>Der Dienst sagt nicht, was von beidem falsch ist; seine Benutzer werden mit saslpasswd2 -a libvirt USER angelegt.</translation>
    </message>
    <message>
        <source>User name and password can also be in libvirt&apos;s auth.conf (LIBVIRT_AUTH_FILE, or ~/.config/libvirt/auth.conf).</source>
        <translation>Benutzername und Passwort können auch in der auth.conf von libvirt stehen (LIBVIRT_AUTH_FILE oder ~/.config/libvirt/auth.conf).</translation>
    </message>
    <message>
        <source>Its log says why; mech_list in /etc/sasl2/libvirt.conf names the mechanisms.</source>
        <translation>Warum, steht in seinem Protokoll; die Verfahren nennt mech_list in /etc/sasl2/libvirt.conf.</translation>
    </message>
    <message>
        <source>The daemon, or something between, is faulty or hostile; try another mechanism with ?auth=sasl.NAME, or another transport.</source>
        <translation>Der Dienst oder etwas dazwischen ist fehlerhaft oder feindlich; versuchen Sie ein anderes Verfahren mit ?auth=sasl.NAME, oder einen anderen Transportweg.</translation>
    </message>
    <message>
        <source>It may not be the daemon it claims to be. Do not go on before you know why.</source>
        <translation>Vielleicht ist es nicht der Dienst, der er zu sein vorgibt. Machen Sie nicht weiter, bevor Sie wissen, warum.</translation>
    </message>
    <message>
        <source>Most likely the pool is full; look at its free space.</source>
        <translation>Wahrscheinlich ist der Pool voll; sehen Sie nach, wie viel frei ist.</translation>
    </message>
    <message>
        <source>Make sure that nothing writes to the image, and start again.</source>
        <translation>Sorgen Sie dafür, dass nichts in das Abbild schreibt, und beginnen Sie noch einmal.</translation>
    </message>
    <message>
        <source>Name an image file or a block device.</source>
        <translation>Nennen Sie eine Abbilddatei oder ein Blockgerät.</translation>
    </message>
    <message>
        <source>Stop what is writing to it, then try again.</source>
        <translation>Halten Sie an, was hineinschreibt, und versuchen Sie es dann noch einmal.</translation>
    </message>
    <message>
        <source>Lacuna needs a folder for its data that it may write to, with some room.</source>
        <translation>Lacuna braucht für seine Daten einen Ordner, in den es schreiben darf und in dem noch Platz ist.</translation>
    </message>
    <message>
        <source>Lacuna needs a folder for its data that it may write to.</source>
        <translation>Lacuna braucht für seine Daten einen Ordner, in den es schreiben darf.</translation>
    </message>
    <message>
        <source>The disk is full: make some room.</source>
        <translation>Die Platte ist voll: schaffen Sie Platz.</translation>
    </message>
    <message>
        <source>Another Lacuna is busy with it; try again in a moment.</source>
        <translation>Ein anderes Lacuna arbeitet damit; versuchen Sie es gleich noch einmal.</translation>
    </message>
    <message>
        <source>Check the permissions of the file and its folder.</source>
        <translation>Prüfen Sie die Rechte der Datei und ihres Ordners.</translation>
    </message>
    <message>
        <source>Give more digits.</source>
        <translation>Geben Sie mehr Stellen an.</translation>
    </message>
    <message>
        <source>Try again.</source>
        <translation>Versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>A name has letters, digits, spaces and . + @ _ -, begins with a letter or a digit, and has {0} characters at most.</source>
        <translation>Ein Name hat Buchstaben, Ziffern, Leerzeichen und . + @ _ -, beginnt mit einem Buchstaben oder einer Ziffer und hat höchstens {0} Zeichen.</translation>
    </message>
    <message>
        <source>Choose another.</source>
        <translation>Wählen Sie einen anderen.</translation>
    </message>
    <message>
        <source>Leave it out; it is asked for when it is needed, and can be kept in the keyring.</source>
        <translation>Lassen Sie es weg; es wird abgefragt, wenn es gebraucht wird, und kann im Schlüsselbund bleiben.</translation>
    </message>
    <message>
        <source>Leave it out; it is asked for when it is needed.</source>
        <translation>Lassen Sie es weg; es wird abgefragt, wenn es gebraucht wird.</translation>
    </message>
    <message>
        <source>Or write auto.</source>
        <translation>Oder schreiben Sie auto.</translation>
    </message>
    <message>
        <source>Use that version, or move the file away to begin anew.</source>
        <translation>Nehmen Sie jene Version, oder legen Sie die Datei beiseite, um neu zu beginnen.</translation>
    </message>
    <message>
        <source>Connect with read-write access; a read-only connection only browses.</source>
        <translation>Verbinden Sie sich mit Schreibrechten; eine Verbindung nur zum Lesen kann nur blättern.</translation>
    </message>
    <message>
        <source>Make room in the pool and try again.</source>
        <translation>Schaffen Sie Platz im Pool, und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>Make room in the pool, or choose another one.</source>
        <translation>Schaffen Sie Platz im Pool, oder wählen Sie einen anderen.</translation>
    </message>
    <message>
        <source>Make room there, or choose another folder.</source>
        <translation>Schaffen Sie dort Platz, oder wählen Sie einen anderen Ordner.</translation>
    </message>
    <message>
        <source>The pool&apos;s file system does not allow a file of that size.</source>
        <translation>Das Dateisystem des Pools erlaubt keine so große Datei.</translation>
    </message>
    <message>
        <source>The daemon may not use that file; look at its owner, mode and labels.</source>
        <translation>Der Dienst darf diese Datei nicht benutzen; sehen Sie nach Eigentümer, Rechten und Kennzeichen.</translation>
    </message>
    <message>
        <source>The pool&apos;s file system is mounted read-only.</source>
        <translation>Das Dateisystem des Pools ist nur zum Lesen eingehängt.</translation>
    </message>
    <message>
        <source>Choose a shorter name; the limit is 255 bytes.</source>
        <translation>Wählen Sie einen kürzeren Namen; höchstens 255 Bytes sind möglich.</translation>
    </message>
    <message>
        <source>Something other than libvirt&apos;s RPC answers there, or the link is damaged.</source>
        <translation>Dort antwortet etwas anderes als libvirt, oder die Leitung ist gestört.</translation>
    </message>
    <message>
        <source>Of the control characters only tab and newline are accepted.</source>
        <translation>Von den Steuerzeichen sind nur Tabulator und Zeilenende erlaubt.</translation>
    </message>
    <message>
        <source>Start it over.</source>
        <translation>Beginnen Sie von vorn.</translation>
    </message>
    <message>
        <source>Choose another pool or another name.</source>
        <translation>Wählen Sie einen anderen Pool oder einen anderen Namen.</translation>
    </message>
    <message>
        <source>Upload to {0}/{1}.</source>
        <translation>Laden Sie nach {0}/{1} hoch.</translation>
    </message>
    <message>
        <source>Choose or create a larger volume.</source>
        <translation>Wählen Sie einen größeren Datenträger, oder legen Sie einen an.</translation>
    </message>
    <message>
        <source>Make sure that no virtual machine uses it, and start again.</source>
        <translation>Sorgen Sie dafür, dass keine virtuelle Maschine ihn benutzt, und beginnen Sie noch einmal.</translation>
    </message>
    <message>
        <source>Resume the job: what is missing is to give the volume its name.</source>
        <translation>Setzen Sie die Übertragung fort: es fehlt nur noch, dass der Datenträger seinen Namen bekommt.</translation>
    </message>
    <message>
        <source>Make it first, or choose another one.</source>
        <translation>Legen Sie ihn erst an, oder wählen Sie einen anderen.</translation>
    </message>
    <message>
        <source>Check the parameter &apos;command&apos; of the URI.</source>
        <translation>Prüfen Sie den Parameter „command“ der URI.</translation>
    </message>
    <message>
        <source>Check the parameter &apos;keyfile&apos; of the URI.</source>
        <translation>Prüfen Sie den Parameter „keyfile“ der URI.</translation>
    </message>
    <message>
        <source>Write ?command=/path/of/the/program.</source>
        <translation>Schreiben Sie ?command=/pfad/des/programms.</translation>
    </message>
    <message>
        <source>Set TMPDIR to a folder of yours with a short path.</source>
        <translation>Setzen Sie TMPDIR auf einen eigenen Ordner mit einem kurzen Pfad.</translation>
    </message>
    <message>
        <source>Name a host, for example qemu+ssh://root@host/system.</source>
        <translation>Nennen Sie einen Rechner, zum Beispiel qemu+ssh://root@host/system.</translation>
    </message>
    <message>
        <source>A URI looks like qemu:///system or qemu+ssh://user@host/system.</source>
        <translation>Eine URI sieht aus wie qemu:///system oder qemu+ssh://user@host/system.</translation>
    </message>
    <message>
        <source>Correct or remove the file.</source>
        <translation>Berichtigen oder entfernen Sie die Datei.</translation>
    </message>
    <message>
        <source>It should look like name=qemu+ssh://host/system.</source>
        <translation>Er sollte aussehen wie name=qemu+ssh://host/system.</translation>
    </message>
    <message>
        <source>Use qemu+ssh://user@host/system instead.</source>
        <translation>Nehmen Sie stattdessen qemu+ssh://user@host/system.</translation>
    </message>
    <message>
        <source>Install and start libvirt&apos;s daemon there, or name its socket with ?socket=PATH.</source>
        <translation>Installieren und starten Sie dort den Dienst von libvirt, oder nennen Sie seinen Socket mit ?socket=PFAD.</translation>
    </message>
    <message>
        <source>Get cacert.pem from whoever set up the server, or name its folder with ?pkipath=FOLDER.</source>
        <translation>Holen Sie cacert.pem von dem, der den Server eingerichtet hat, oder nennen Sie ihren Ordner mit ?pkipath=ORDNER.</translation>
    </message>
    <message>
        <source>A client certificate and its key belong together.</source>
        <translation>Ein Client-Zertifikat und sein Schlüssel gehören zusammen.</translation>
    </message>
    <message>
        <source>Use a key from an agent, or start this where a question can be answered.</source>
        <translation>Nehmen Sie einen Schlüssel aus einem Agenten, oder starten Sie dies, wo eine Frage beantwortet werden kann.</translation>
    </message>
    <message>
        <source>Compare the fingerprint with the host&apos;s, and connect once with ssh to accept it.</source>
        <translation>Vergleichen Sie den Fingerabdruck mit dem des Rechners, und verbinden Sie sich einmal mit ssh, um ihn anzunehmen.</translation>
    </message>
    <message>
        <source>Compare its fingerprint with the host&apos;s, and accept it.</source>
        <translation>Vergleichen Sie seinen Fingerabdruck mit dem des Rechners, und nehmen Sie ihn an.</translation>
    </message>
    <message>
        <source>Ask its administrator. Only if the new key is right, remove the old one: ssh-keygen -R &apos;{0}&apos;</source>
        <translation>Fragen Sie den Verwalter des Rechners. Nur wenn der neue Schlüssel stimmt, entfernen Sie den alten: ssh-keygen -R &apos;{0}&apos;</translation>
    </message>
    <message>
        <source>Check user name, key and password; `ssh -v` to the host shows what is tried.</source>
        <translation>Prüfen Sie Benutzernamen, Schlüssel und Passwort; „ssh -v“ zu jenem Rechner zeigt, was versucht wird.</translation>
    </message>
    <message>
        <source>Leave out no_tty, or use a key.</source>
        <translation>Lassen Sie no_tty weg, oder nehmen Sie einen Schlüssel.</translation>
    </message>
    <message>
        <source>Name the right key with ?keyfile=PATH, and set IdentitiesOnly in ~/.ssh/config.</source>
        <translation>Nennen Sie den richtigen Schlüssel mit ?keyfile=PFAD, und setzen Sie IdentitiesOnly in ~/.ssh/config.</translation>
    </message>
    <message>
        <source>Start it there (systemctl start libvirtd, or virtqemud and virtstoraged), or name its socket with ?socket=PATH.</source>
        <translation>Starten Sie ihn dort (systemctl start libvirtd, oder virtqemud und virtstoraged), oder nennen Sie seinen Socket mit ?socket=PFAD.</translation>
    </message>
    <message>
        <source>Install libvirt&apos;s daemon package on that host, which brings virt-ssh-helper, or netcat (netcat-openbsd).</source>
        <translation>Installieren Sie auf jenem Rechner das Paket mit dem Dienst von libvirt, das virt-ssh-helper mitbringt, oder netcat (netcat-openbsd).</translation>
    </message>
    <message>
        <source>Check its spelling, and your name server or VPN.</source>
        <translation>Prüfen Sie die Schreibweise und Ihren Nameserver oder Ihr VPN.</translation>
    </message>
    <message>
        <source>Check its spelling.</source>
        <translation>Prüfen Sie die Schreibweise.</translation>
    </message>
    <message>
        <source>Check the port, and that sshd runs on that host.</source>
        <translation>Prüfen Sie den Port, und ob dort sshd läuft.</translation>
    </message>
    <message>
        <source>Check the port, and the log of sshd on that host.</source>
        <translation>Prüfen Sie den Port und dort das Protokoll von sshd.</translation>
    </message>
    <message>
        <source>Check the address, the network and the firewall.</source>
        <translation>Prüfen Sie die Adresse, das Netz und die Firewall.</translation>
    </message>
    <message>
        <source>Check the network or VPN.</source>
        <translation>Prüfen Sie das Netz oder das VPN.</translation>
    </message>
    <message>
        <source>The host may be very old; allow what it offers in ~/.ssh/config.</source>
        <translation>Vielleicht ist der Rechner sehr alt; erlauben Sie in ~/.ssh/config, was er anbietet.</translation>
    </message>
    <message>
        <source>Install it (pip install bcrypt), or add the key to an agent.</source>
        <translation>Installieren Sie es (pip install bcrypt), oder geben Sie den Schlüssel in einen Agenten.</translation>
    </message>
    <message>
        <source>`ssh -v` to the host shows where it stops.</source>
        <translation>„ssh -v“ zu jenem Rechner zeigt, wo es hängt.</translation>
    </message>
    <message>
        <source>Leave it out: the host&apos;s own daemons are found by themselves.</source>
        <translation>Lassen Sie es weg: die Dienste des Rechners werden von selbst gefunden.</translation>
    </message>
    <message>
        <source>Known ones: normal, auto, ignore.</source>
        <translation>Bekannt sind: normal, auto, ignore.</translation>
    </message>
    <message>
        <source>Check that libvirt&apos;s daemon listens on TCP there (listen_tcp).</source>
        <translation>Prüfen Sie, ob der Dienst von libvirt dort auf TCP horcht (listen_tcp).</translation>
    </message>
    <message>
        <source>Check that libvirt&apos;s daemon listens on TLS there (listen_tls, libvirtd-tls).</source>
        <translation>Prüfen Sie, ob der Dienst von libvirt dort auf TLS horcht (listen_tls, libvirtd-tls).</translation>
    </message>
    <message>
        <source>It may be a port without TLS (16509 is plain TCP, 16514 TLS), or be stalled.</source>
        <translation>Vielleicht ist es ein Port ohne TLS (16509 ist einfaches TCP, 16514 TLS), oder der Dienst hängt.</translation>
    </message>
    <message>
        <source>It may be a port without TLS (16509 is plain TCP, 16514 TLS).</source>
        <translation>Vielleicht ist es ein Port ohne TLS (16509 ist einfaches TCP, 16514 TLS).</translation>
    </message>
    <message>
        <source>Check the port: 16514 is libvirt&apos;s.</source>
        <translation>Prüfen Sie den Port: 16514 ist der von libvirt.</translation>
    </message>
    <message>
        <source>Port 16514 is TLS, 16509 plain TCP.</source>
        <translation>Port 16514 ist TLS, 16509 einfaches TCP.</translation>
    </message>
    <message>
        <source>It may be missing, expired, revoked, of another CA or not on the server&apos;s list; the reason is in the server&apos;s log.</source>
        <translation>Vielleicht fehlt es, ist abgelaufen, widerrufen, von einer anderen CA oder nicht auf der Liste des Servers; der Grund steht im Protokoll des Servers.</translation>
    </message>
    <message>
        <source>Use the name that is in the certificate, or have one issued for this name.</source>
        <translation>Nehmen Sie den Namen, der im Zertifikat steht, oder lassen Sie eines für diesen Namen ausstellen.</translation>
    </message>
    <message>
        <source>Put clientcert.pem and clientkey.pem into ~/.pki/libvirt or /etc/pki/libvirt, or name their folder with ?pkipath=FOLDER.</source>
        <translation>Legen Sie clientcert.pem und clientkey.pem in ~/.pki/libvirt oder /etc/pki/libvirt, oder nennen Sie ihren Ordner mit ?pkipath=ORDNER.</translation>
    </message>
    <message>
        <source>Levels (NORMAL, PFS, SECURE128, SECURE256) and versions (-VERS-TLS1.3) can.</source>
        <translation>Stufen (NORMAL, PFS, SECURE128, SECURE256) und Versionen (-VERS-TLS1.3) sind möglich.</translation>
    </message>
    <message>
        <source>Check that cacert.pem is the one of the server&apos;s CA ({0}).</source>
        <translation>Prüfen Sie, ob cacert.pem die der CA des Servers ist ({0}).</translation>
    </message>
    <message>
        <source>Check cacert.pem ({0}).</source>
        <translation>Prüfen Sie cacert.pem ({0}).</translation>
    </message>
    <message>
        <source>Check the clocks of both machines.</source>
        <translation>Prüfen Sie die Uhren beider Rechner.</translation>
    </message>
    <message>
        <source>It must be renewed on the server. Check the clock of this machine too.</source>
        <translation>Es muss auf dem Server erneuert werden. Prüfen Sie auch die Uhr dieses Rechners.</translation>
    </message>
    <message>
        <source>Do not connect; ask the server&apos;s administrator.</source>
        <translation>Verbinden Sie sich nicht; fragen Sie den Verwalter des Servers.</translation>
    </message>
    <message>
        <source>Check cacrl.pem ({0}).</source>
        <translation>Prüfen Sie cacrl.pem ({0}).</translation>
    </message>
    <message>
        <source>Check {0} and the clock.</source>
        <translation>Prüfen Sie {0} und die Uhr.</translation>
    </message>
    <message>
        <source>Renew {0}.</source>
        <translation>Erneuern Sie {0}.</translation>
    </message>
    <message>
        <source>It must be issued anew, for TLS servers.</source>
        <translation>Es muss neu ausgestellt werden, für TLS-Server.</translation>
    </message>
    <message>
        <source>It must be issued anew, with a longer key.</source>
        <translation>Es muss neu ausgestellt werden, mit einem längeren Schlüssel.</translation>
    </message>
    <message>
        <source>The CA needs a longer key.</source>
        <translation>Die CA braucht einen längeren Schlüssel.</translation>
    </message>
    <message>
        <source>It must be issued anew.</source>
        <translation>Es muss neu ausgestellt werden.</translation>
    </message>
    <message>
        <source>The complete image is in the volume {0}/{1}.</source>
        <translation>Das vollständige Abbild ist im Datenträger {0}/{1}.</translation>
    </message>
    <message>
        <source>The incomplete volume &apos;{0}&apos; could not be removed; delete it.</source>
        <translation>Der unvollständige Datenträger „{0}“ ließ sich nicht entfernen; löschen Sie ihn.</translation>
    </message>
    <message>
        <source>What was written is kept as {0}.</source>
        <translation>Was geschrieben wurde, bleibt als {0} erhalten.</translation>
    </message>
    <message>
        <source>The daemon waits half a minute for the answer to polkit&apos;s question. Connect again and give it sooner, or ask to be added to the group &apos;libvirt&apos;, whose members are not asked.</source>
        <translation>Der Dienst wartet eine halbe Minute auf die Antwort zur Frage von polkit. Verbinden Sie sich noch einmal und antworten Sie früher, oder lassen Sie sich in die Gruppe „libvirt“ aufnehmen, deren Mitglieder nicht gefragt werden.</translation>
    </message>
</context>
<context>
    <name>Application</name>
    <message>
        <source>This computer</source>
        <translation>Dieser Rechner</translation>
    </message>
</context>
<context>
    <name>Causes</name>
    <message>
        <source>no libvirt daemon listens at {0}</source>
        <translation>An {0} horcht kein Dienst von libvirt</translation>
    </message>
    <message>
        <source>the libvirt daemon at {0} is not running</source>
        <translation>Der Dienst von libvirt an {0} läuft nicht</translation>
    </message>
    <message>
        <source>permission denied to open {0}</source>
        <translation>{0} darf nicht geöffnet werden</translation>
    </message>
    <message>
        <source>the host name {0} is not known</source>
        <translation>Der Rechnername {0} ist nicht bekannt</translation>
    </message>
    <message>
        <source>{0} did not answer within {1} s</source>
        <translation>{0} hat nicht innerhalb von {1} s geantwortet</translation>
    </message>
    <message>
        <source>{0} did not answer</source>
        <translation>{0} hat nicht geantwortet</translation>
    </message>
    <message>
        <source>{0} refuses SSH: no SSH server listens there</source>
        <translation>{0} lehnt SSH ab: dort horcht kein SSH-Server</translation>
    </message>
    <message>
        <source>{0} broke off before the login: it is no SSH server, is overloaded or refuses you</source>
        <translation>{0} hat vor der Anmeldung abgebrochen: es ist kein SSH-Server, ist überlastet oder weist Sie ab</translation>
    </message>
    <message>
        <source>the SSH key of {0} is not known and was not accepted</source>
        <translation>Der SSH-Schlüssel von {0} ist nicht bekannt und wurde nicht angenommen</translation>
    </message>
    <message>
        <source>your user may not manage libvirt on {0}</source>
        <translation>Ihr Benutzer darf libvirt auf {0} nicht verwalten</translation>
    </message>
    <message>
        <source>libvirt&apos;s daemon is not running on {0}</source>
        <translation>Auf {0} läuft der Dienst von libvirt nicht</translation>
    </message>
    <message>
        <source>the login to {0} was cancelled</source>
        <translation>Die Anmeldung an {0} wurde abgebrochen</translation>
    </message>
    <message>
        <source>the server&apos;s certificate is not for &apos;{0}&apos;</source>
        <translation>Das Zertifikat des Servers ist nicht für „{0}“</translation>
    </message>
    <message>
        <source>there is no CA certificate to check the server with: {0}</source>
        <translation>Es gibt kein CA-Zertifikat, um den Server zu prüfen: {0}</translation>
    </message>
    <message>
        <source>{0} does not speak TLS</source>
        <translation>{0} spricht kein TLS</translation>
    </message>
    <message>
        <source>{0} asks for a client certificate, and there is none here</source>
        <translation>{0} verlangt ein Client-Zertifikat, und hier ist keines</translation>
    </message>
    <message>
        <source>the connection was closed</source>
        <translation>Die Verbindung wurde geschlossen</translation>
    </message>
    <message>
        <source>the daemon closed the connection</source>
        <translation>Der Dienst hat die Verbindung geschlossen</translation>
    </message>
    <message>
        <source>the daemon has been silent for {0} s</source>
        <translation>Der Dienst schweigt seit {0} s</translation>
    </message>
    <message>
        <source>a password does not belong in a saved URI</source>
        <translation>Ein Passwort gehört nicht in eine gespeicherte URI</translation>
    </message>
    <message>
        <source>a password does not belong in a URI</source>
        <translation>Ein Passwort gehört nicht in eine URI</translation>
    </message>
    <message>
        <source>&apos;{0}&apos; is not a libvirt URI</source>
        <translation>„{0}“ ist keine URI von libvirt</translation>
    </message>
    <message>
        <source>&apos;{0}&apos;: unknown transport &apos;{1}&apos;</source>
        <translation>„{0}“: der Transportweg „{1}“ ist nicht bekannt</translation>
    </message>
    <message>
        <source>&apos;{0}&apos;: the transport &apos;{1}&apos; needs a host</source>
        <translation>„{0}“: der Transportweg „{1}“ braucht einen Rechner</translation>
    </message>
    <message>
        <source>no URI is given</source>
        <translation>Es ist keine URI angegeben</translation>
    </message>
    <message>
        <source>&apos;{0}&apos; cannot be the name of a connection</source>
        <translation>„{0}“ kann nicht der Name einer Verbindung sein</translation>
    </message>
    <message>
        <source>there is a connection named &apos;{0}&apos; already</source>
        <translation>Es gibt schon eine Verbindung namens „{0}“</translation>
    </message>
    <message>
        <source>{0} exists already</source>
        <translation>{0} gibt es schon</translation>
    </message>
    <message>
        <source>{0} has just been made by somebody else</source>
        <translation>{0} wurde soeben von jemand anderem angelegt</translation>
    </message>
    <message>
        <source>{0} was changed since the transfer was interrupted</source>
        <translation>{0} wurde geändert, seit die Übertragung unterbrochen wurde</translation>
    </message>
    <message>
        <source>{0} was changed while it was sent</source>
        <translation>{0} wurde geändert, während es gesendet wurde</translation>
    </message>
    <message>
        <source>{0} is in use by the running virtual machine {1}: what is read is the state of different moments, and may be inconsistent.</source>
        <translation>{0} wird von der laufenden virtuellen Maschine {1} benutzt: gelesen wird der Stand verschiedener Augenblicke, der nicht zusammenpassen muss.</translation>
    </message>
    <message>
        <source>{0} is in use by the running virtual machines {1}: what is read is the state of different moments, and may be inconsistent.</source>
        <translation>{0} wird von den laufenden virtuellen Maschinen {1} benutzt: gelesen wird der Stand verschiedener Augenblicke, der nicht zusammenpassen muss.</translation>
    </message>
    <message>
        <source>{0} is in use by the running virtual machine {1}</source>
        <translation>{0} wird von der laufenden virtuellen Maschine {1} benutzt</translation>
    </message>
    <message>
        <source>{0} is in use by the running virtual machines {1}</source>
        <translation>{0} wird von den laufenden virtuellen Maschinen {1} benutzt</translation>
    </message>
    <message>
        <source>the pool {0} is not active</source>
        <translation>der Pool {0} ist nicht aktiv</translation>
    </message>
    <message>
        <source>the image needs {0} bytes and the pool {1} has {2}</source>
        <translation>Das Abbild braucht {0} Bytes, und der Pool {1} hat {2}</translation>
    </message>
    <message>
        <source>the image has {0} bytes and the volume {1} only {2}</source>
        <translation>Das Abbild hat {0} Bytes, und der Datenträger {1} nur {2}</translation>
    </message>
    <message>
        <source>the volume has {0} bytes of data and {1} {2} free</source>
        <translation>Der Datenträger hat {0} Bytes Daten, und in {1} sind {2} frei</translation>
    </message>
    <message>
        <source>the folder {0} does not exist</source>
        <translation>Den Ordner {0} gibt es nicht</translation>
    </message>
    <message>
        <source>{0} is not a file and is not replaced</source>
        <translation>{0} ist keine Datei und wird nicht ersetzt</translation>
    </message>
    <message>
        <source>{0} is not in the format {1}; it looks like {2}</source>
        <translation>{0} ist nicht im Format {1}; es sieht aus wie {2}</translation>
    </message>
    <message>
        <source>the daemon could not write to the volume and lost the reason</source>
        <translation>Der Dienst konnte den Datenträger nicht beschreiben und hat den Grund verloren</translation>
    </message>
    <message>
        <source>upload: {0} -&gt; {1}</source>
        <translation>Hochladen: {0} → {1}</translation>
    </message>
    <message>
        <source>download: {0} -&gt; {1}</source>
        <translation>Herunterladen: {0} → {1}</translation>
    </message>
    <message>
        <source>copy: {0} -&gt; {1}</source>
        <translation>Kopieren: {0} → {1}</translation>
    </message>
    <message>
        <source>queued</source>
        <translation>wartet</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>wartet auf den nächsten Versuch</translation>
    </message>
    <message>
        <source>paused</source>
        <translation>pausiert</translation>
    </message>
    <message>
        <source>interrupted</source>
        <translation>unterbrochen</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>fehlgeschlagen</translation>
    </message>
    <message>
        <source>It goes over {0} connections, not more: {1}</source>
        <translation>Es geht über {0} Verbindungen, nicht mehr: „{1}“</translation>
    </message>
    <message>
        <source>It was complete; it is not compared, for the source was changed.</source>
        <translation>Es war vollständig; es wird nicht verglichen, denn die Quelle wurde geändert.</translation>
    </message>
    <message>
        <source>The image is an overlay of another file, which is not sent with it.</source>
        <translation>Das Abbild überlagert eine andere Datei, die nicht mitgesendet wird.</translation>
    </message>
    <message>
        <source>The volume is larger than the image: its last {0} bytes keep their old content.</source>
        <translation>Der Datenträger ist größer als das Abbild: seine letzten {0} Bytes behalten ihren alten Inhalt.</translation>
    </message>
    <message>
        <source>The old content of {0} is given up before the new one arrives; it can be kept until then, which takes the space twice.</source>
        <translation>Der alte Inhalt von {0} wird aufgegeben, bevor der neue ankommt; er kann bis dahin behalten werden, was den Platz zweimal braucht.</translation>
    </message>
    <message>
        <source>The daemon would change the image ({0}) in cloning it, so it is copied through this computer to get its name.</source>
        <translation>Der Dienst würde das Abbild ({0}) beim Klonen ändern; es wird daher über diesen Rechner kopiert, um seinen Namen zu bekommen.</translation>
    </message>
    <message>
        <source>there is no job &apos;{0}&apos;</source>
        <translation>Es gibt keine Übertragung „{0}“</translation>
    </message>
    <message>
        <source>the journal {0} cannot be used: {1}</source>
        <translation>Das Journal {0} lässt sich nicht benutzen: „{1}“</translation>
    </message>
    <message>
        <source>cannot connect to {0}: {1}</source>
        <translation>Keine Verbindung zu {0}: „{1}“</translation>
    </message>
    <message>
        <source>SSH to {0} failed: {1}</source>
        <translation>SSH zu {0} ist gescheitert: „{1}“</translation>
    </message>
    <message>
        <source>TLS with {0} failed: {1}</source>
        <translation>TLS mit {0} ist gescheitert: „{1}“</translation>
    </message>
    <message>
        <source>the connection broke: {0}</source>
        <translation>Die Verbindung ist abgebrochen: „{0}“</translation>
    </message>
    <message>
        <source>the SSH connection to {0} ended: {1}</source>
        <translation>Die SSH-Verbindung zu {0} ist zu Ende: „{1}“</translation>
    </message>
    <message>
        <source>cannot read {0}: {1}</source>
        <translation>{0} lässt sich nicht lesen: „{1}“</translation>
    </message>
    <message>
        <source>cannot write {0}: {1}</source>
        <translation>{0} lässt sich nicht schreiben: „{1}“</translation>
    </message>
    <message>
        <source>cannot open or lock {0}: {1}</source>
        <translation>{0} lässt sich nicht öffnen oder sperren: „{1}“</translation>
    </message>
    <message>
        <source>cannot open {0}: {1}</source>
        <translation>{0} lässt sich nicht öffnen: „{1}“</translation>
    </message>
    <message>
        <source>wrong user name or password for &apos;{0}&apos;: {1}</source>
        <translation>Benutzername oder Passwort von „{0}“ ist falsch: „{1}“</translation>
    </message>
    <message>
        <source>A volume&apos;s name must not be empty.</source>
        <translation>Der Name eines Datenträgers darf nicht leer sein.</translation>
    </message>
    <message>
        <source>A volume cannot be named &apos;{0}&apos;.</source>
        <translation>Ein Datenträger kann nicht „{0}“ heißen.</translation>
    </message>
    <message>
        <source>A volume&apos;s name must not contain a slash: &apos;{0}&apos;.</source>
        <translation>Der Name eines Datenträgers darf keinen Schrägstrich enthalten: „{0}“.</translation>
    </message>
    <message>
        <source>A volume&apos;s name must not contain the character &apos;{0}&apos;: &apos;{1}&apos;.</source>
        <translation>Der Name eines Datenträgers darf das Zeichen „{0}“ nicht enthalten: „{1}“.</translation>
    </message>
    <message>
        <source>A volume&apos;s name must not be longer than {0} bytes; this one has {1}.</source>
        <translation>Der Name eines Datenträgers darf höchstens {0} Bytes haben; dieser hat {1}.</translation>
    </message>
    <message>
        <source>is there already, as {0}</source>
        <translation>ist schon da, als {0}</translation>
    </message>
</context>
<context>
    <name>CloneDialog</name>
    <message>
        <source>Clone {0}</source>
        <translation>{0} klonen</translation>
    </message>
    <message>
        <source>Clone</source>
        <translation>Klonen</translation>
    </message>
    <message>
        <source>&amp;New name:</source>
        <translation>&amp;Neuer Name:</translation>
    </message>
</context>
<context>
    <name>Confirm</name>
    <message>
        <source>and {0} more</source>
        <translation>und {0} weitere</translation>
    </message>
</context>
<context>
    <name>ConnectionCommands</name>
    <message>
        <source>The connection to {0} has ended</source>
        <translation>Die Verbindung zu {0} ist abgebrochen</translation>
    </message>
    <message>
        <source>Connect again</source>
        <translation>Neu verbinden</translation>
    </message>
    <message>
        <source>The saved connections cannot be read</source>
        <translation>Die gespeicherten Verbindungen lassen sich nicht lesen</translation>
    </message>
    <message>
        <source>Connected to {0}</source>
        <translation>Verbunden: {0}</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Erneut versuchen</translation>
    </message>
    <message>
        <source>Cannot connect to {0}</source>
        <translation>Keine Verbindung zu {0}</translation>
    </message>
    <message numerus="yes">
        <source>It works: libvirt {0}, %n pool(s).</source>
        <translation>
            <numerusform>Die Verbindung funktioniert: libvirt {0}, ein Pool.</numerusform>
            <numerusform>Die Verbindung funktioniert: libvirt {0}, %n Pools.</numerusform>
        </translation>
    </message>
    <message>
        <source>The connection could not be saved</source>
        <translation>Die Verbindung konnte nicht gespeichert werden</translation>
    </message>
    <message>
        <source>The connection could not be removed</source>
        <translation>Die Verbindung konnte nicht entfernt werden</translation>
    </message>
    <message>
        <source>Delete connection</source>
        <translation>Verbindung löschen</translation>
    </message>
    <message>
        <source>Delete the connection {0}? Nothing is changed on the host.</source>
        <translation>Die Verbindung {0} löschen? Auf dem Rechner ändert sich nichts.</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
    <message numerus="yes">
        <source>%n connection(s) imported</source>
        <translation>
            <numerusform>Eine Verbindung importiert</numerusform>
            <numerusform>%n Verbindungen importiert</numerusform>
        </translation>
    </message>
    <message>
        <source>The connections could not be saved</source>
        <translation>Die Verbindungen konnten nicht gespeichert werden</translation>
    </message>
</context>
<context>
    <name>ConnectionDialog</name>
    <message>
        <source>Edit connection</source>
        <translation>Verbindung bearbeiten</translation>
    </message>
    <message>
        <source>New connection</source>
        <translation>Neue Verbindung</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Speichern</translation>
    </message>
    <message>
        <source>like the host, if left empty</source>
        <translation>wie der Rechner, wenn leer</translation>
    </message>
    <message>
        <source>SSH</source>
        <translation>SSH</translation>
    </message>
    <message>
        <source>This computer</source>
        <translation>Dieser Rechner</translation>
    </message>
    <message>
        <source>TLS with certificates</source>
        <translation>TLS mit Zertifikaten</translation>
    </message>
    <message>
        <source>TCP (not encrypted)</source>
        <translation>TCP (unverschlüsselt)</translation>
    </message>
    <message>
        <source>URI as typed</source>
        <translation>URI wie eingegeben</translation>
    </message>
    <message>
        <source>usual</source>
        <translation>üblich</translation>
    </message>
    <message>
        <source>System</source>
        <translation>System</translation>
    </message>
    <message>
        <source>Only mine (session)</source>
        <translation>Nur meiner (Sitzung)</translation>
    </message>
    <message>
        <source>Key file</source>
        <translation>Schlüsseldatei</translation>
    </message>
    <message>
        <source>Folder of certificates</source>
        <translation>Ordner der Zertifikate</translation>
    </message>
    <message>
        <source>Accept any certificate (not safe)</source>
        <translation>Jedes Zertifikat annehmen (unsicher)</translation>
    </message>
    <message>
        <source>the first one that is active</source>
        <translation>der erste, der aktiv ist</translation>
    </message>
    <message>
        <source>&amp;Name:</source>
        <translation>&amp;Name:</translation>
    </message>
    <message>
        <source>&amp;Group:</source>
        <translation>&amp;Gruppe:</translation>
    </message>
    <message>
        <source>Transp&amp;ort:</source>
        <translation>&amp;Transport:</translation>
    </message>
    <message>
        <source>UR&amp;I:</source>
        <translation>UR&amp;I:</translation>
    </message>
    <message>
        <source>&amp;First pool:</source>
        <translation>&amp;Anfangspool:</translation>
    </message>
    <message>
        <source>Sp&amp;eed of each transfer:</source>
        <translation>Rate j&amp;e Übertragung:</translation>
    </message>
    <message>
        <source>&amp;Host:</source>
        <translation>&amp;Rechner:</translation>
    </message>
    <message>
        <source>&amp;User:</source>
        <translation>&amp;Benutzer:</translation>
    </message>
    <message>
        <source>&amp;Port:</source>
        <translation>&amp;Port:</translation>
    </message>
    <message>
        <source>&amp;Daemon:</source>
        <translation>&amp;Dienst:</translation>
    </message>
    <message>
        <source>&amp;Key file:</source>
        <translation>&amp;Schlüsseldatei:</translation>
    </message>
    <message>
        <source>&amp;Certificates in:</source>
        <translation>&amp;Zertifikate in:</translation>
    </message>
    <message>
        <source>&amp;Socket:</source>
        <translation>S&amp;ocket:</translation>
    </message>
    <message>
        <source>Address:</source>
        <translation>Adresse:</translation>
    </message>
    <message>
        <source>&amp;Test connection</source>
        <translation>&amp;Verbindung prüfen</translation>
    </message>
    <message>
        <source>Name the host.</source>
        <translation>Geben Sie den Rechner an.</translation>
    </message>
    <message>
        <source>Type a URI, for example qemu+ssh://user@host/system.</source>
        <translation>Geben Sie eine URI ein, zum Beispiel qemu+ssh://benutzer@rechner/system.</translation>
    </message>
    <message>
        <source>Connecting…</source>
        <translation>Verbinde …</translation>
    </message>
</context>
<context>
    <name>ConnectionsField</name>
    <message>
        <source>automatic</source>
        <translation>automatisch</translation>
    </message>
</context>
<context>
    <name>ConnectionsModel</name>
    <message>
        <source>Group of connections</source>
        <translation>Gruppe von Verbindungen</translation>
    </message>
    <message>
        <source>Not safe: somebody may listen, or pretend to be the server</source>
        <translation>Nicht sicher: jemand kann mithören oder sich als der Server ausgeben</translation>
    </message>
    <message>
        <source>{0} of {1} used, {2} free</source>
        <translation>{0} von {1} belegt, {2} frei</translation>
    </message>
    <message>
        <source>not connected</source>
        <translation>nicht verbunden</translation>
    </message>
    <message>
        <source>connecting</source>
        <translation>verbindet</translation>
    </message>
    <message>
        <source>connected</source>
        <translation>verbunden</translation>
    </message>
    <message>
        <source>connection failed</source>
        <translation>Verbindung fehlgeschlagen</translation>
    </message>
</context>
<context>
    <name>ConnectionsView</name>
    <message>
        <source>Connections and pools</source>
        <translation>Verbindungen und Pools</translation>
    </message>
</context>
<context>
    <name>CopyDialog</name>
    <message>
        <source>Copy {0}</source>
        <translation>{0} kopieren</translation>
    </message>
    <message>
        <source>Copy {0} volumes</source>
        <translation>{0} Datenträger kopieren</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>&amp;To pool:</source>
        <translation>In den &amp;Pool:</translation>
    </message>
    <message>
        <source>&amp;Name there:</source>
        <translation>&amp;Name dort:</translation>
    </message>
    <message>
        <source>There is no other active pool. Connect to another host, or start one.</source>
        <translation>Es gibt keinen anderen aktiven Pool. Verbinden Sie sich mit einem anderen Rechner oder starten Sie einen.</translation>
    </message>
</context>
<context>
    <name>DefinePoolDialog</name>
    <message>
        <source>Define pool</source>
        <translation>Pool definieren</translation>
    </message>
    <message>
        <source>Define</source>
        <translation>Definieren</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <source>File system on a device</source>
        <translation>Dateisystem auf einem Gerät</translation>
    </message>
    <message>
        <source>Network file system</source>
        <translation>Netzwerk-Dateisystem</translation>
    </message>
    <message>
        <source>LVM volume group</source>
        <translation>LVM-Datenträgergruppe</translation>
    </message>
    <message>
        <source>Partitions of a disk</source>
        <translation>Partitionen einer Platte</translation>
    </message>
    <message>
        <source>&amp;Make the folder if it is not there</source>
        <translation>&amp;Ordner anlegen, wenn er fehlt</translation>
    </message>
    <message>
        <source>&amp;Start it now</source>
        <translation>Jetzt &amp;starten</translation>
    </message>
    <message>
        <source>Start it with the h&amp;ost</source>
        <translation>Mit d&amp;em Rechner starten</translation>
    </message>
    <message>
        <source>&amp;Name:</source>
        <translation>&amp;Name:</translation>
    </message>
    <message>
        <source>&amp;Kind:</source>
        <translation>&amp;Art:</translation>
    </message>
    <message>
        <source>&amp;Host:</source>
        <translation>&amp;Rechner:</translation>
    </message>
    <message>
        <source>So&amp;urce:</source>
        <translation>&amp;Quelle:</translation>
    </message>
    <message>
        <source>&amp;Path there:</source>
        <translation>&amp;Pfad dort:</translation>
    </message>
    <message>
        <source>Give the pool a name.</source>
        <translation>Geben Sie dem Pool einen Namen.</translation>
    </message>
    <message>
        <source>There is a pool of that name already.</source>
        <translation>Einen Pool dieses Namens gibt es schon.</translation>
    </message>
    <message>
        <source>Say where its storage comes from.</source>
        <translation>Geben Sie an, woher sein Speicher kommt.</translation>
    </message>
    <message>
        <source>Name the host that exports the folder.</source>
        <translation>Geben Sie den Rechner an, der den Ordner freigibt.</translation>
    </message>
</context>
<context>
    <name>Details</name>
    <message>
        <source>Name:</source>
        <translation>Name:</translation>
    </message>
    <message>
        <source>Path:</source>
        <translation>Pfad:</translation>
    </message>
    <message>
        <source>Kind:</source>
        <translation>Art:</translation>
    </message>
    <message>
        <source>Format:</source>
        <translation>Format:</translation>
    </message>
    <message>
        <source>Capacity:</source>
        <translation>Größe:</translation>
    </message>
    <message>
        <source>Allocated:</source>
        <translation>Belegt:</translation>
    </message>
    <message>
        <source>Length of the file:</source>
        <translation>Länge der Datei:</translation>
    </message>
    <message>
        <source>Overlay of:</source>
        <translation>Überlagert:</translation>
    </message>
    <message>
        <source>Modified:</source>
        <translation>Geändert:</translation>
    </message>
    <message>
        <source>Last read:</source>
        <translation>Zuletzt gelesen:</translation>
    </message>
    <message>
        <source>Encrypted:</source>
        <translation>Verschlüsselt:</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>ja</translation>
    </message>
    <message>
        <source>no</source>
        <translation>nein</translation>
    </message>
    <message>
        <source>State:</source>
        <translation>Zustand:</translation>
    </message>
    <message>
        <source>Source:</source>
        <translation>Quelle:</translation>
    </message>
    <message>
        <source>Hosts:</source>
        <translation>Rechner:</translation>
    </message>
    <message>
        <source>Free:</source>
        <translation>Frei:</translation>
    </message>
    <message>
        <source>Volumes:</source>
        <translation>Datenträger:</translation>
    </message>
    <message>
        <source>Starts with the host:</source>
        <translation>Startet mit dem Rechner:</translation>
    </message>
    <message>
        <source>Persistent:</source>
        <translation>Dauerhaft:</translation>
    </message>
    <message>
        <source>UUID:</source>
        <translation>UUID:</translation>
    </message>
    <message>
        <source>Owner and group:</source>
        <translation>Besitzer und Gruppe:</translation>
    </message>
    <message>
        <source>Mode:</source>
        <translation>Rechte:</translation>
    </message>
    <message>
        <source>Label:</source>
        <translation>Label:</translation>
    </message>
</context>
<context>
    <name>DetailsDialog</name>
    <message>
        <source>Details</source>
        <translation>Einzelheiten</translation>
    </message>
    <message>
        <source>&amp;Copy</source>
        <translation>&amp;Kopieren</translation>
    </message>
</context>
<context>
    <name>DiagnosticsCommands</name>
    <message>
        <source>The diagnostics could not be gathered</source>
        <translation>Die Diagnose konnte nicht erstellt werden</translation>
    </message>
    <message>
        <source>Diagnostics copied. They name no hosts, pools or images.</source>
        <translation>Diagnose kopiert. Sie nennt weder Rechner noch Pools noch Abbilder.</translation>
    </message>
</context>
<context>
    <name>DownloadDialog</name>
    <message>
        <source>Download {0}</source>
        <translation>{0} herunterladen</translation>
    </message>
    <message>
        <source>Download {0} volumes</source>
        <translation>{0} Datenträger herunterladen</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>Herunterladen</translation>
    </message>
    <message>
        <source>&amp;Folder:</source>
        <translation>&amp;Ordner:</translation>
    </message>
    <message>
        <source>&amp;Name:</source>
        <translation>&amp;Name:</translation>
    </message>
    <message>
        <source>At most:</source>
        <translation>Höchstens:</translation>
    </message>
    <message>
        <source>Download to</source>
        <translation>Herunterladen nach</translation>
    </message>
    <message>
        <source>That folder does not exist.</source>
        <translation>Diesen Ordner gibt es nicht.</translation>
    </message>
    <message>
        <source>You may not write to that folder.</source>
        <translation>In diesen Ordner dürfen Sie nicht schreiben.</translation>
    </message>
    <message>
        <source>Give the file a name.</source>
        <translation>Geben Sie der Datei einen Namen.</translation>
    </message>
    <message>
        <source>Two volumes would have the same file name.</source>
        <translation>Zwei Datenträger hätten denselben Dateinamen.</translation>
    </message>
    <message>
        <source>{0} exists already.</source>
        <translation>{0} gibt es schon.</translation>
    </message>
</context>
<context>
    <name>Drops</name>
    <message>
        <source>Only files, folders and volumes can be dropped here.</source>
        <translation>Hier lassen sich nur Dateien, Ordner und Datenträger ablegen.</translation>
    </message>
    <message>
        <source>{0} is not on this computer. Save it here first, then drop the file.</source>
        <translation>{0} liegt nicht auf diesem Rechner. Speichern Sie es erst hier und legen Sie dann die Datei ab.</translation>
    </message>
    <message>
        <source>{0} is neither a file nor a folder.</source>
        <translation>{0} ist weder Datei noch Ordner.</translation>
    </message>
    <message>
        <source>{0} cannot be read: {1}.</source>
        <translation>{0} lässt sich nicht lesen: {1}.</translation>
    </message>
    <message>
        <source>There are no files in that folder.</source>
        <translation>In diesem Ordner sind keine Dateien.</translation>
    </message>
    <message>
        <source>Folders inside of folders were left out ({0}).</source>
        <translation>Ordner in Ordnern wurden ausgelassen ({0}).</translation>
    </message>
</context>
<context>
    <name>Endings</name>
    <message>
        <source>{0} could not be transferred</source>
        <translation>{0} konnte nicht übertragen werden</translation>
    </message>
    <message>
        <source>{0} was skipped</source>
        <translation>{0} wurde übersprungen</translation>
    </message>
    <message>
        <source>It exists already.</source>
        <translation>Es gibt den Namen schon.</translation>
    </message>
    <message>
        <source>Moved {0}, saved {1}</source>
        <translation>Bewegt {0}, gespart {1}</translation>
    </message>
    <message>
        <source>{0} has been transferred</source>
        <translation>{0} wurde übertragen</translation>
    </message>
    <message numerus="yes">
        <source>%n transfer(s) ended</source>
        <translation>
            <numerusform>Eine Übertragung ist zu Ende</numerusform>
            <numerusform>%n Übertragungen sind zu Ende</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n transfer(s) ended, {0} of them failed</source>
        <translation>
            <numerusform>Eine Übertragung ist zu Ende, {0} davon fehlgeschlagen</numerusform>
            <numerusform>%n Übertragungen sind zu Ende, {0} davon fehlgeschlagen</numerusform>
        </translation>
    </message>
    <message>
        <source>and {0} more</source>
        <translation>und {0} weitere</translation>
    </message>
</context>
<context>
    <name>ExtentCanvas</name>
    <message>
        <source>Extent map</source>
        <translation>Karte der Bereiche</translation>
    </message>
    <message>
        <source>The image is empty: it has no bytes</source>
        <translation>Das Abbild ist leer: es hat keine Bytes</translation>
    </message>
</context>
<context>
    <name>ExtentMapWidget</name>
    <message>
        <source>Show as a grid</source>
        <translation>Als Gitter zeigen</translation>
    </message>
    <message>
        <source>Show all (0)</source>
        <translation>Alles zeigen (0)</translation>
    </message>
    <message>
        <source>Zoom out (-)</source>
        <translation>Verkleinern (-)</translation>
    </message>
    <message>
        <source>Zoom in (+)</source>
        <translation>Vergrößern (+)</translation>
    </message>
    <message>
        <source>Extent map of {0}</source>
        <translation>Karte von {0}</translation>
    </message>
    <message>
        <source>Extent map</source>
        <translation>Karte der Bereiche</translation>
    </message>
    <message>
        <source>Select a transfer to see its extents</source>
        <translation>Wählen Sie eine Übertragung, um ihre Bereiche zu sehen</translation>
    </message>
    <message>
        <source>{0} of {1} ({2})</source>
        <translation>{0} von {1} ({2})</translation>
    </message>
</context>
<context>
    <name>ExtentStrip</name>
    <message>
        <source>Extent map</source>
        <translation>Karte der Bereiche</translation>
    </message>
</context>
<context>
    <name>FillBar</name>
    <message>
        <source>Space in use</source>
        <translation>Belegter Platz</translation>
    </message>
    <message>
        <source>{0} of {1} in use</source>
        <translation>{0} von {1} belegt</translation>
    </message>
    <message>
        <source>Size not known</source>
        <translation>Größe unbekannt</translation>
    </message>
</context>
<context>
    <name>Hints</name>
    <message>
        <source>{0}</source>
        <comment>in English</comment>
        <translation>Auf Englisch: „{0}“</translation>
    </message>
    <message>
        <source>The daemon says: “{0}”</source>
        <translation>Der Dienst sagt: „{0}“</translation>
    </message>
    <message>
        <source>{0}.</source>
        <translation>{0}.</translation>
    </message>
</context>
<context>
    <name>HostKeyDialog</name>
    <message>
        <source>This computer has never connected to {0} before. Compare the fingerprint with what its administrator gives you; if it differs, somebody may be in between.</source>
        <translation>Dieser Rechner war noch nie mit {0} verbunden. Vergleichen Sie den Fingerabdruck mit dem, den Ihnen der Verwalter nennt; unterscheiden sie sich, sitzt vielleicht jemand dazwischen.</translation>
    </message>
    <message>
        <source>Key type:</source>
        <translation>Schlüsselart:</translation>
    </message>
    <message>
        <source>Fingerprint:</source>
        <translation>Fingerabdruck:</translation>
    </message>
</context>
<context>
    <name>ImportDialog</name>
    <message>
        <source>Import connections</source>
        <translation>Verbindungen importieren</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>Importieren</translation>
    </message>
    <message>
        <source>Connections found</source>
        <translation>Gefundene Verbindungen</translation>
    </message>
    <message>
        <source>Nothing was found in libvirt.conf, nor of virt-manager.</source>
        <translation>Weder in libvirt.conf noch von virt-manager wurde etwas gefunden.</translation>
    </message>
    <message>
        <source>Tick what to import.</source>
        <translation>Wählen Sie aus, was importiert werden soll.</translation>
    </message>
</context>
<context>
    <name>Kinds</name>
    <message>
        <source>What was asked for cannot be done like this.</source>
        <translation>So lässt sich das nicht machen.</translation>
    </message>
    <message>
        <source>The daemon&apos;s host did not let you in.</source>
        <translation>Der Rechner des Dienstes hat Sie nicht eingelassen.</translation>
    </message>
    <message>
        <source>The daemon cannot be reached.</source>
        <translation>Der Dienst ist nicht erreichbar.</translation>
    </message>
    <message>
        <source>No usable connection to the daemon could be made.</source>
        <translation>Es kam keine brauchbare Verbindung zum Dienst zustande.</translation>
    </message>
    <message>
        <source>The connection to the daemon has ended.</source>
        <translation>Die Verbindung zum Dienst ist abgerissen.</translation>
    </message>
    <message>
        <source>The daemon did not answer in time.</source>
        <translation>Der Dienst hat nicht rechtzeitig geantwortet.</translation>
    </message>
    <message>
        <source>What answers there does not keep to libvirt&apos;s protocol.</source>
        <translation>Was dort antwortet, hält sich nicht an das Protokoll von libvirt.</translation>
    </message>
    <message>
        <source>The destination exists already.</source>
        <translation>Das Ziel gibt es schon.</translation>
    </message>
    <message>
        <source>A virtual machine uses the volume.</source>
        <translation>Eine virtuelle Maschine benutzt den Datenträger.</translation>
    </message>
    <message>
        <source>There is not enough room at the destination.</source>
        <translation>Am Ziel ist nicht genug Platz.</translation>
    </message>
    <message>
        <source>The source has changed.</source>
        <translation>Die Quelle hat sich geändert.</translation>
    </message>
    <message>
        <source>The destination has changed.</source>
        <translation>Das Ziel hat sich geändert.</translation>
    </message>
    <message>
        <source>It could not be shown that all data has arrived.</source>
        <translation>Es ließ sich nicht nachweisen, dass alle Daten angekommen sind.</translation>
    </message>
    <message>
        <source>Read back, the data is different.</source>
        <translation>Zurückgelesen sind die Daten anders.</translation>
    </message>
    <message>
        <source>A local file or folder cannot be used.</source>
        <translation>Eine Datei oder ein Ordner auf diesem Rechner lässt sich nicht benutzen.</translation>
    </message>
    <message>
        <source>It could not be done.</source>
        <translation>Das ging nicht.</translation>
    </message>
</context>
<context>
    <name>Legend</name>
    <message>
        <source>Legend</source>
        <translation>Legende</translation>
    </message>
</context>
<context>
    <name>LimitDialog</name>
    <message>
        <source>Limit</source>
        <translation>Begrenzen</translation>
    </message>
    <message>
        <source>&amp;Limit:</source>
        <translation>&amp;Grenze:</translation>
    </message>
</context>
<context>
    <name>Listing</name>
    <message>
        <source>The volumes of {0} cannot be listed</source>
        <translation>Die Datenträger von {0} lassen sich nicht auflisten</translation>
    </message>
    <message>
        <source>{0} more volumes are in the pool; libvirt cannot list more than 16384. They can be used by name.</source>
        <translation>Im Pool sind {0} weitere Datenträger; libvirt kann nicht mehr als 16384 auflisten. Mit ihrem Namen sind sie benutzbar.</translation>
    </message>
</context>
<context>
    <name>LogModel</name>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>Level</source>
        <translation>Stufe</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>Meldung</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>&amp;Connection</source>
        <translation>&amp;Verbindung</translation>
    </message>
    <message>
        <source>&amp;Pool</source>
        <translation>&amp;Pool</translation>
    </message>
    <message>
        <source>&amp;Volume</source>
        <translation>&amp;Datenträger</translation>
    </message>
    <message>
        <source>&amp;Transfer</source>
        <translation>&amp;Übertragung</translation>
    </message>
    <message>
        <source>V&amp;iew</source>
        <translation>&amp;Ansicht</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>&amp;Hilfe</translation>
    </message>
    <message>
        <source>Toolbar</source>
        <translation>Werkzeugleiste</translation>
    </message>
    <message>
        <source>New connection</source>
        <translation>Neue Verbindung</translation>
    </message>
    <message>
        <source>Upload</source>
        <translation>Hochladen</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>Herunterladen</translation>
    </message>
    <message>
        <source>New volume</source>
        <translation>Neuer Datenträger</translation>
    </message>
    <message>
        <source>Refresh</source>
        <translation>Aktualisieren</translation>
    </message>
    <message>
        <source>Preferences</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>working…</source>
        <translation>arbeitet …</translation>
    </message>
    <message>
        <source>Saved: {0} in this session, {1} ever</source>
        <translation>Gespart: {0} in dieser Sitzung, {1} insgesamt</translation>
    </message>
    <message>
        <source>{0} could not be transferred</source>
        <translation>{0} konnte nicht übertragen werden</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Erneut versuchen</translation>
    </message>
    <message>
        <source>{0}: done, {1} saved</source>
        <translation>{0}: fertig, {1} gespart</translation>
    </message>
    <message>
        <source>{0} exists already and was skipped</source>
        <translation>{0} ist schon vorhanden und wurde übersprungen</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>Beenden</translation>
    </message>
    <message numerus="yes">
        <source>%n transfer(s) are running. Quit anyway?</source>
        <translation>
            <numerusform>Eine Übertragung läuft. Trotzdem beenden?</numerusform>
            <numerusform>%n Übertragungen laufen. Trotzdem beenden?</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>MapPanel</name>
    <message>
        <source>Data speed of all transfers</source>
        <translation>Datenrate aller Übertragungen</translation>
    </message>
    <message>
        <source>No map of this transfer was kept</source>
        <translation>Von dieser Übertragung wurde keine Karte behalten</translation>
    </message>
    <message>
        <source>The image has not been looked at yet</source>
        <translation>Das Abbild wurde noch nicht untersucht</translation>
    </message>
    <message>
        <source>moved {0}</source>
        <translation>bewegt {0}</translation>
    </message>
    <message>
        <source>outline, exact to {0}</source>
        <translation>Umriss, genau auf {0}</translation>
    </message>
    <message>
        <source>in flight {0}</source>
        <translation>unterwegs {0}</translation>
    </message>
    <message>
        <source>wire {0}</source>
        <translation>Leitung {0}</translation>
    </message>
    <message>
        <source>saved {0} ({1})</source>
        <translation>gespart {0} ({1})</translation>
    </message>
</context>
<context>
    <name>MessageBar</name>
    <message>
        <source>Messages</source>
        <translation>Meldungen</translation>
    </message>
    <message>
        <source>Show fewer messages</source>
        <translation>Weniger Meldungen zeigen</translation>
    </message>
    <message>
        <source>1 more message</source>
        <translation>1 weitere Meldung</translation>
    </message>
    <message>
        <source>{0} more messages</source>
        <translation>{0} weitere Meldungen</translation>
    </message>
</context>
<context>
    <name>MessagePanel</name>
    <message>
        <source>Copy this message</source>
        <translation>Diese Meldung kopieren</translation>
    </message>
    <message>
        <source>Dismiss</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>Einzelheiten</translation>
    </message>
    <message>
        <source>Show the daemon&apos;s own words</source>
        <translation>Originalmeldung des Dienstes zeigen</translation>
    </message>
    <message>
        <source>{0} ({1} times)</source>
        <translation>{0} ({1}-mal)</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>Hinweis</translation>
    </message>
    <message>
        <source>Success</source>
        <translation>Erfolg</translation>
    </message>
    <message>
        <source>Warning</source>
        <translation>Warnung</translation>
    </message>
    <message>
        <source>Error</source>
        <translation>Fehler</translation>
    </message>
</context>
<context>
    <name>MovingCommands</name>
    <message>
        <source>Connect to a daemon first: there is no pool to upload to.</source>
        <translation>Verbinden Sie sich erst mit einem Dienst: es gibt keinen Pool zum Hochladen.</translation>
    </message>
    <message numerus="yes">
        <source>Connect to a daemon first: then you are asked where to upload %n file(s).</source>
        <translation>
            <numerusform>Verbinden Sie sich erst mit einem Dienst: dann werden Sie gefragt, wohin die Datei hochgeladen werden soll.</numerusform>
            <numerusform>Verbinden Sie sich erst mit einem Dienst: dann werden Sie gefragt, wohin die %n Dateien hochgeladen werden sollen.</numerusform>
        </translation>
    </message>
    <message>
        <source>{0} is not connected. Connect first, then drop again.</source>
        <translation>{0} ist nicht verbunden. Verbinden Sie sich erst, und legen Sie dann noch einmal ab.</translation>
    </message>
    <message>
        <source>Drop onto one of the pools of {0}.</source>
        <translation>Legen Sie es auf einen der Pools von {0}.</translation>
    </message>
    <message>
        <source>The pool {0} is stopped. Start it first.</source>
        <translation>Der Pool {0} ist angehalten. Starten Sie ihn erst.</translation>
    </message>
    <message>
        <source>A volume cannot be dragged out of the window here: this desktop has no way to ask where it is to be saved. Use Download instead.</source>
        <translation>Hier lässt sich ein Datenträger nicht aus dem Fenster ziehen: diese Arbeitsumgebung kann nicht fragen, wo er gespeichert werden soll. Nehmen Sie Herunterladen.</translation>
    </message>
    <message>
        <source>The volumes are in this pool already. Drop them onto another one.</source>
        <translation>Die Datenträger sind schon in diesem Pool. Legen Sie sie auf einen anderen.</translation>
    </message>
</context>
<context>
    <name>NewVolumeDialog</name>
    <message>
        <source>New volume in {0}</source>
        <translation>Neuer Datenträger in {0}</translation>
    </message>
    <message>
        <source>Create</source>
        <translation>Anlegen</translation>
    </message>
    <message>
        <source>&amp;Allocate all of it now</source>
        <translation>&amp;Allen Platz jetzt belegen</translation>
    </message>
    <message>
        <source>&amp;Name:</source>
        <translation>&amp;Name:</translation>
    </message>
    <message>
        <source>&amp;Format:</source>
        <translation>&amp;Format:</translation>
    </message>
    <message>
        <source>&amp;Capacity:</source>
        <translation>&amp;Größe:</translation>
    </message>
    <message>
        <source>Free in the pool:</source>
        <translation>Frei im Pool:</translation>
    </message>
    <message>
        <source>Give the volume a name.</source>
        <translation>Geben Sie dem Datenträger einen Namen.</translation>
    </message>
    <message>
        <source>Write the capacity like 40 GiB.</source>
        <translation>Schreiben Sie die Größe wie 40 GiB.</translation>
    </message>
    <message>
        <source>The pool has only {0} free.</source>
        <translation>Im Pool sind nur {0} frei.</translation>
    </message>
</context>
<context>
    <name>PathField</name>
    <message>
        <source>Choose</source>
        <translation>Auswählen</translation>
    </message>
</context>
<context>
    <name>Permissions</name>
    <message>
        <source>O&amp;wner and group:</source>
        <translation>&amp;Besitzer und Gruppe:</translation>
    </message>
    <message>
        <source>&amp;Mode:</source>
        <translation>Re&amp;chte:</translation>
    </message>
    <message>
        <source>Write owner and group as numbers, like 107:107.</source>
        <translation>Schreiben Sie Besitzer und Gruppe als Zahlen, wie 107:107.</translation>
    </message>
    <message>
        <source>Write the mode in octal digits, like 0644.</source>
        <translation>Schreiben Sie die Rechte in oktalen Ziffern, wie 0644.</translation>
    </message>
    <message>
        <source>as the pool has it</source>
        <translation>wie im Pool üblich</translation>
    </message>
</context>
<context>
    <name>PoolCommands</name>
    <message>
        <source>The pool {0} could not be started</source>
        <translation>Der Pool {0} konnte nicht gestartet werden</translation>
    </message>
    <message>
        <source>Stop the pool {0}? Nothing is deleted, but its volumes cannot be used.</source>
        <translation>Den Pool {0} anhalten? Nichts wird gelöscht, aber seine Datenträger sind nicht benutzbar.</translation>
    </message>
    <message>
        <source>Stop the pool {0}? It is transient: the daemon forgets it then.</source>
        <translation>Den Pool {0} anhalten? Er ist flüchtig: der Dienst vergisst ihn dann.</translation>
    </message>
    <message>
        <source>Stop pool</source>
        <translation>Pool anhalten</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>The pool {0} could not be stopped</source>
        <translation>Der Pool {0} konnte nicht angehalten werden</translation>
    </message>
    <message>
        <source>The pool {0} could not be refreshed</source>
        <translation>Der Pool {0} konnte nicht aktualisiert werden</translation>
    </message>
    <message>
        <source>Autostart of {0} could not be changed</source>
        <translation>Der automatische Start von {0} konnte nicht geändert werden</translation>
    </message>
    <message>
        <source>Undefine pool</source>
        <translation>Definition löschen</translation>
    </message>
    <message>
        <source>Have the daemon forget the pool {0}? Its storage stays.</source>
        <translation>Soll der Dienst den Pool {0} vergessen? Sein Inhalt bleibt.</translation>
    </message>
    <message>
        <source>Undefine</source>
        <translation>Definition löschen</translation>
    </message>
    <message>
        <source>The pool {0} could not be undefined</source>
        <translation>Die Definition des Pools {0} konnte nicht gelöscht werden</translation>
    </message>
    <message>
        <source>The pool {0} could not be defined</source>
        <translation>Der Pool {0} konnte nicht definiert werden</translation>
    </message>
    <message>
        <source>Pool {0}</source>
        <translation>Pool {0}</translation>
    </message>
    <message>
        <source>The pool {0} cannot be read</source>
        <translation>Der Pool {0} lässt sich nicht lesen</translation>
    </message>
</context>
<context>
    <name>PreferencesDialog</name>
    <message>
        <source>Preferences</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Speichern</translation>
    </message>
    <message>
        <source>Like the desktop</source>
        <translation>Wie das System</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Hell</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Dunkel</translation>
    </message>
    <message>
        <source>&amp;Read back and compare after each transfer</source>
        <translation>Jede Übertragung zurück&amp;lesen und vergleichen</translation>
    </message>
    <message>
        <source>St&amp;art transfers at once</source>
        <translation>Übertragungen sofort &amp;beginnen</translation>
    </message>
    <message>
        <source>&amp;Notify when a long transfer ends</source>
        <translation>&amp;Melden, wenn eine lange Übertragung endet</translation>
    </message>
    <message>
        <source>Show an &amp;icon in the tray</source>
        <translation>S&amp;ymbol im Infobereich zeigen</translation>
    </message>
    <message>
        <source>Show an &amp;icon in the tray (this desktop has no tray)</source>
        <translation>S&amp;ymbol im Infobereich (hier nicht da)</translation>
    </message>
    <message>
        <source>&amp;Connect to all saved connections at start</source>
        <translation>Beim Start alle Verbindungen &amp;herstellen</translation>
    </message>
    <message>
        <source>Download to</source>
        <translation>Herunterladen nach</translation>
    </message>
    <message>
        <source>ask each time</source>
        <translation>jedes Mal fragen</translation>
    </message>
    <message>
        <source>&amp;Theme:</source>
        <translation>&amp;Aussehen:</translation>
    </message>
    <message>
        <source>&amp;Language:</source>
        <translation>&amp;Sprache:</translation>
    </message>
    <message>
        <source>If it &amp;exists:</source>
        <translation>Wenn &amp;vorhanden:</translation>
    </message>
    <message>
        <source>Total &amp;speed:</source>
        <translation>&amp;Gesamtrate:</translation>
    </message>
    <message>
        <source>Transfers at &amp;once:</source>
        <translation>Gl&amp;eichzeitig:</translation>
    </message>
    <message>
        <source>&amp;Download to:</source>
        <translation>Herunterladen &amp;nach:</translation>
    </message>
    <message>
        <source>O&amp;wner of new volumes:</source>
        <translation>Besi&amp;tzer neuer Datenträger:</translation>
    </message>
    <message>
        <source>&amp;Mode of new volumes:</source>
        <translation>Re&amp;chte neuer Datenträger:</translation>
    </message>
    <message>
        <source>The language changes when Lacuna is started the next time.</source>
        <translation>Die Sprache wechselt beim nächsten Start von Lacuna.</translation>
    </message>
</context>
<context>
    <name>Problem</name>
    <message>
        <source>Something went wrong inside Lacuna</source>
        <translation>In Lacuna ist etwas schiefgegangen</translation>
    </message>
    <message>
        <source>This is a defect of Lacuna. Please report it with the text below.</source>
        <translation>Das ist ein Fehler von Lacuna. Bitte melden Sie ihn mit dem Text unten.</translation>
    </message>
    <message>
        <source>{0}.</source>
        <translation>{0}.</translation>
    </message>
    <message>
        <source>Check user name and password. On a local system daemon, membership in the group libvirt or a polkit rule lets you in.</source>
        <translation>Prüfen Sie Benutzernamen und Passwort. Für den Systemdienst dieses Rechners brauchen Sie die Gruppe libvirt oder eine polkit-Regel.</translation>
    </message>
    <message>
        <source>Check that the daemon is running there and that the address is right.</source>
        <translation>Prüfen Sie, ob der Dienst dort läuft und ob die Adresse stimmt.</translation>
    </message>
    <message>
        <source>Connect again; transfers continue from what had arrived.</source>
        <translation>Verbinden Sie sich neu; Übertragungen machen dort weiter, wo sie waren.</translation>
    </message>
    <message>
        <source>Another client is using the volume. Try again in a moment.</source>
        <translation>Jemand anders benutzt den Datenträger. Versuchen Sie es gleich noch einmal.</translation>
    </message>
    <message>
        <source>Choose another name, or replace the volume.</source>
        <translation>Wählen Sie einen anderen Namen, oder ersetzen Sie den Datenträger.</translation>
    </message>
    <message>
        <source>Somebody else may have removed it. Refresh the list.</source>
        <translation>Vielleicht hat ihn jemand entfernt. Aktualisieren Sie die Liste.</translation>
    </message>
    <message>
        <source>Check that the pool is started.</source>
        <translation>Prüfen Sie, ob der Pool gestartet ist.</translation>
    </message>
    <message>
        <source>Connect with a user who may write.</source>
        <translation>Verbinden Sie sich als ein Benutzer, der schreiben darf.</translation>
    </message>
    <message>
        <source>Make room there, or choose another pool.</source>
        <translation>Schaffen Sie dort Platz, oder wählen Sie einen anderen Pool.</translation>
    </message>
    <message>
        <source>This daemon or kind of pool cannot do it.</source>
        <translation>Dieser Dienst oder diese Art Pool kann das nicht.</translation>
    </message>
    <message>
        <source>Check the permissions and the state of the file system.</source>
        <translation>Prüfen Sie die Rechte und den Zustand des Dateisystems.</translation>
    </message>
</context>
<context>
    <name>Prompts</name>
    <message>
        <source>Connect</source>
        <translation>Verbinden</translation>
    </message>
    <message>
        <source>Unknown host</source>
        <translation>Unbekannter Rechner</translation>
    </message>
    <message>
        <source>Trust this host</source>
        <translation>Diesem Rechner vertrauen</translation>
    </message>
    <message>
        <source>User name needed</source>
        <translation>Benutzername nötig</translation>
    </message>
    <message>
        <source>Passphrase needed</source>
        <translation>Passphrase nötig</translation>
    </message>
    <message>
        <source>Password needed</source>
        <translation>Passwort nötig</translation>
    </message>
</context>
<context>
    <name>RateField</name>
    <message>
        <source>no limit</source>
        <translation>unbegrenzt</translation>
    </message>
</context>
<context>
    <name>ResizeDialog</name>
    <message>
        <source>Resize {0}</source>
        <translation>Größe von {0} ändern</translation>
    </message>
    <message>
        <source>Resize</source>
        <translation>Ändern</translation>
    </message>
    <message>
        <source>&amp;Shrink: what is behind the new end is lost</source>
        <translation>&amp;Verkleinern: was hinter dem neuen Ende liegt, geht verloren</translation>
    </message>
    <message>
        <source>Now:</source>
        <translation>Jetzt:</translation>
    </message>
    <message>
        <source>&amp;Capacity:</source>
        <translation>&amp;Größe:</translation>
    </message>
    <message>
        <source>Write the capacity like 40 GiB.</source>
        <translation>Schreiben Sie die Größe wie 40 GiB.</translation>
    </message>
    <message>
        <source>That is the capacity it has.</source>
        <translation>Diese Größe hat er schon.</translation>
    </message>
    <message>
        <source>That is smaller than now. Tick the box if this is meant.</source>
        <translation>Das ist kleiner als jetzt. Setzen Sie das Häkchen, wenn das gewollt ist.</translation>
    </message>
</context>
<context>
    <name>Rows</name>
    <message>
        <source>The next try is at {0}.</source>
        <translation>Der nächste Versuch ist um {0}.</translation>
    </message>
    <message>
        <source>Something went wrong inside Lacuna</source>
        <translation>In Lacuna ist etwas schiefgegangen</translation>
    </message>
    <message>
        <source>This is a defect of Lacuna. Please report it with the text below.</source>
        <translation>Das ist ein Fehler von Lacuna. Bitte melden Sie ihn mit dem Text unten.</translation>
    </message>
</context>
<context>
    <name>SecretDialog</name>
    <message>
        <source>For:</source>
        <translation>Für:</translation>
    </message>
    <message>
        <source>&amp;Answer:</source>
        <translation>&amp;Antwort:</translation>
    </message>
    <message>
        <source>&amp;User name:</source>
        <translation>&amp;Benutzername:</translation>
    </message>
    <message>
        <source>&amp;Passphrase:</source>
        <translation>&amp;Passphrase:</translation>
    </message>
    <message>
        <source>&amp;Password:</source>
        <translation>&amp;Passwort:</translation>
    </message>
    <message>
        <source>&amp;Remember in the keyring</source>
        <translation>Im &amp;Schlüsselbund merken</translation>
    </message>
    <message>
        <source>Kept until Lacuna ends: there is no keyring</source>
        <translation>Bleibt bis zum Ende von Lacuna: es gibt keinen Schlüsselbund</translation>
    </message>
    <message>
        <source>That was not accepted. Try again.</source>
        <translation>Das wurde nicht angenommen. Versuchen Sie es noch einmal.</translation>
    </message>
</context>
<context>
    <name>ShortcutsDialog</name>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>Tastenkürzel</translation>
    </message>
    <message>
        <source>Zoom the extent map in, out, to fit</source>
        <translation>Karte vergrößern, verkleinern, einpassen</translation>
    </message>
    <message>
        <source>Move in the extent map</source>
        <translation>In der Karte bewegen</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>Befehl</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>Tasten</translation>
    </message>
</context>
<context>
    <name>SidebarDelegate</name>
    <message>
        <source>stopped</source>
        <translation>angehalten</translation>
    </message>
    <message>
        <source>{0}, not safe</source>
        <translation>{0}, nicht sicher</translation>
    </message>
</context>
<context>
    <name>SpeedGraph</name>
    <message>
        <source>Speed</source>
        <translation>Geschwindigkeit</translation>
    </message>
    <message>
        <source>now: {0}</source>
        <translation>jetzt: {0}</translation>
    </message>
    <message>
        <source>{0} ago: {1}</source>
        <translation>vor {0}: {1}</translation>
    </message>
    <message>
        <source>peak {0}</source>
        <translation>Spitze {0}</translation>
    </message>
    <message>
        <source>{0} ago</source>
        <translation>vor {0}</translation>
    </message>
    <message>
        <source>now</source>
        <translation>jetzt</translation>
    </message>
    <message>
        <source>{0} now, {1} on average, {2} at most</source>
        <translation>{0} jetzt, {1} im Mittel, {2} höchstens</translation>
    </message>
</context>
<context>
    <name>TransferCommands</name>
    <message>
        <source>Cancel transfers</source>
        <translation>Übertragungen abbrechen</translation>
    </message>
    <message numerus="yes">
        <source>Cancel %n running transfer(s)? What has arrived is removed.</source>
        <translation>
            <numerusform>Eine laufende Übertragung abbrechen? Was angekommen ist, wird entfernt.</numerusform>
            <numerusform>%n laufende Übertragungen abbrechen? Was angekommen ist, wird entfernt.</numerusform>
        </translation>
    </message>
    <message>
        <source>Cancel transfer</source>
        <translation>Übertragung abbrechen</translation>
    </message>
    <message>
        <source>Remove transfers</source>
        <translation>Übertragungen entfernen</translation>
    </message>
    <message numerus="yes">
        <source>%n of them are running and are cancelled first.</source>
        <translation>
            <numerusform>Eine davon läuft und wird erst abgebrochen.</numerusform>
            <numerusform>%n davon laufen und werden erst abgebrochen.</numerusform>
        </translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Limit speed</source>
        <translation>Geschwindigkeit begrenzen</translation>
    </message>
    <message>
        <source>Data speed of each of the selected transfers:</source>
        <translation>Datenrate jeder der ausgewählten Übertragungen:</translation>
    </message>
    <message>
        <source>Limit total speed</source>
        <translation>Gesamtgeschwindigkeit begrenzen</translation>
    </message>
    <message>
        <source>Data speed of all transfers together:</source>
        <translation>Datenrate aller Übertragungen zusammen:</translation>
    </message>
    <message>
        <source>Nothing on this desktop shows the folder {0}.</source>
        <translation>Nichts auf diesem Rechner zeigt den Ordner {0}.</translation>
    </message>
    <message>
        <source>Upload</source>
        <translation>Hochladen</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>Herunterladen</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Image {0}: data {1}, holes {2}, zeros {3}</source>
        <translation>Abbild {0}: Daten {1}, Löcher {2}, Nullen {3}</translation>
    </message>
    <message>
        <source>Moved {0}, saved {1}</source>
        <translation>Bewegt {0}, gespart {1}</translation>
    </message>
    <message>
        <source>Priority {0}</source>
        <translation>Priorität {0}</translation>
    </message>
</context>
<context>
    <name>TransfersModel</name>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>From and to</source>
        <translation>Von und nach</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Data speed</source>
        <translation>Datenrate</translation>
    </message>
    <message>
        <source>Time left</source>
        <translation>Restzeit</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Saved</source>
        <translation>Gespart</translation>
    </message>
    <message>
        <source>{0} percent of {1}, {2} saved</source>
        <translation>{0} Prozent von {1}, {2} gespart</translation>
    </message>
    <message>
        <source>Image {0}: data {1}, holes {2}, zeros {3}</source>
        <translation>Abbild {0}: Daten {1}, Löcher {2}, Nullen {3}</translation>
    </message>
    <message>
        <source>Moved {0}, saved {1}</source>
        <translation>Bewegt {0}, gespart {1}</translation>
    </message>
    <message>
        <source>Priority {0}</source>
        <translation>Priorität {0}</translation>
    </message>
    <message>
        <source>Limit {0}</source>
        <translation>Grenze {0}</translation>
    </message>
</context>
<context>
    <name>TransfersPanel</name>
    <message>
        <source>Nothing is being transferred</source>
        <translation>Nichts wird übertragen</translation>
    </message>
    <message>
        <source>Nothing waits</source>
        <translation>Nichts wartet</translation>
    </message>
    <message>
        <source>Nothing has been finished yet</source>
        <translation>Noch ist nichts fertig</translation>
    </message>
    <message>
        <source>Nothing has failed</source>
        <translation>Nichts ist fehlgeschlagen</translation>
    </message>
    <message>
        <source>Transfers</source>
        <translation>Übertragungen</translation>
    </message>
    <message>
        <source>Active</source>
        <translation>Aktiv</translation>
    </message>
    <message>
        <source>Queued</source>
        <translation>Wartend</translation>
    </message>
    <message>
        <source>Finished</source>
        <translation>Fertig</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>Fehlgeschlagen</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>off</source>
        <translation>aus</translation>
    </message>
    <message>
        <source>Limit: {0}</source>
        <translation>Grenze: {0}</translation>
    </message>
</context>
<context>
    <name>Tray</name>
    <message>
        <source>Transfers are paused</source>
        <translation>Übertragungen sind angehalten</translation>
    </message>
    <message numerus="yes">
        <source>%n transfer(s) under way</source>
        <translation>
            <numerusform>eine Übertragung läuft</numerusform>
            <numerusform>%n Übertragungen laufen</numerusform>
        </translation>
    </message>
    <message>
        <source>{0} of {1}</source>
        <translation>{0} von {1}</translation>
    </message>
    <message>
        <source>&amp;Hide window</source>
        <translation>Fenster &amp;verbergen</translation>
    </message>
    <message>
        <source>&amp;Show window</source>
        <translation>Fenster &amp;zeigen</translation>
    </message>
</context>
<context>
    <name>UploadDialog</name>
    <message>
        <source>Upload</source>
        <translation>Hochladen</translation>
    </message>
    <message>
        <source>Pool</source>
        <translation>Pool</translation>
    </message>
    <message>
        <source>&amp;To pool:</source>
        <translation>In den &amp;Pool:</translation>
    </message>
    <message>
        <source>as detected</source>
        <translation>wie erkannt</translation>
    </message>
    <message>
        <source>&amp;Format:</source>
        <translation>&amp;Format:</translation>
    </message>
    <message>
        <source>Files</source>
        <translation>Dateien</translation>
    </message>
    <message>
        <source>File</source>
        <translation>Datei</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>Format</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Allocated</source>
        <translation>Belegt</translation>
    </message>
    <message>
        <source>To send</source>
        <translation>Zu senden</translation>
    </message>
    <message>
        <source>Volume</source>
        <translation>Datenträger</translation>
    </message>
    <message>
        <source>Check</source>
        <translation>Prüfung</translation>
    </message>
    <message>
        <source>A&amp;dd files…</source>
        <translation>&amp;Dateien hinzufügen …</translation>
    </message>
    <message>
        <source>Take off the &amp;list</source>
        <translation>Von der L&amp;iste nehmen</translation>
    </message>
    <message>
        <source>Choose images</source>
        <translation>Abbilder auswählen</translation>
    </message>
    <message>
        <source>{0} (stopped)</source>
        <translation>{0} (angehalten)</translation>
    </message>
    <message>
        <source>A guest sees {0}</source>
        <translation>Ein Gast sieht {0}</translation>
    </message>
    <message>
        <source>looking…</source>
        <translation>wird untersucht …</translation>
    </message>
    <message>
        <source>Two files cannot have the same name.</source>
        <translation>Zwei Dateien können nicht gleich heißen.</translation>
    </message>
    <message>
        <source>This is not {0}; it looks like {1}.</source>
        <translation>Das ist nicht {0}; es sieht aus wie {1}.</translation>
    </message>
    <message>
        <source>exists already</source>
        <translation>gibt es schon</translation>
    </message>
    <message>
        <source>replaces the volume that is there</source>
        <translation>ersetzt den vorhandenen Datenträger</translation>
    </message>
    <message>
        <source>exists already, will be skipped</source>
        <translation>gibt es schon, wird übersprungen</translation>
    </message>
    <message>
        <source>will be named {0}</source>
        <translation>wird {0} heißen</translation>
    </message>
    <message>
        <source>overlay of {0}, which is not sent</source>
        <translation>überlagert {0}, das nicht gesendet wird</translation>
    </message>
    <message>
        <source>saves {0}</source>
        <translation>spart {0}</translation>
    </message>
    <message>
        <source>ready</source>
        <translation>bereit</translation>
    </message>
    <message>
        <source>Connect to a daemon first: there is no pool to upload to.</source>
        <translation>Verbinden Sie sich erst mit einem Dienst: es gibt keinen Pool zum Hochladen.</translation>
    </message>
    <message>
        <source>The connection is closed.</source>
        <translation>Die Verbindung ist geschlossen.</translation>
    </message>
    <message>
        <source>The pool {0} is stopped. Start it first.</source>
        <translation>Der Pool {0} ist angehalten. Starten Sie ihn erst.</translation>
    </message>
    <message>
        <source>Add files, or drop them onto the window.</source>
        <translation>Fügen Sie Dateien hinzu, oder legen Sie sie auf das Fenster.</translation>
    </message>
    <message>
        <source>This cannot be sent: {0}</source>
        <translation>Das lässt sich nicht senden: {0}</translation>
    </message>
    <message>
        <source>The files are still being looked at…</source>
        <translation>Die Dateien werden noch untersucht …</translation>
    </message>
    <message>
        <source>{0} to send, and only {1} free in the pool.</source>
        <translation>{0} zu senden, und nur {1} im Pool frei.</translation>
    </message>
    <message>
        <source>To send: {0} of {1}. Free in the pool: {2}.</source>
        <translation>Zu senden: {0} von {1}. Frei im Pool: {2}.</translation>
    </message>
</context>
<context>
    <name>VolumeCommands</name>
    <message>
        <source>The volume {0} could not be created</source>
        <translation>Der Datenträger {0} konnte nicht angelegt werden</translation>
    </message>
    <message>
        <source>{0} was created</source>
        <translation>{0} wurde angelegt</translation>
    </message>
    <message>
        <source>{0} could not be cloned</source>
        <translation>{0} konnte nicht geklont werden</translation>
    </message>
    <message>
        <source>{0} was cloned</source>
        <translation>{0} wurde geklont</translation>
    </message>
    <message>
        <source>{0} could not be resized</source>
        <translation>Die Größe von {0} konnte nicht geändert werden</translation>
    </message>
    <message>
        <source>{0} was resized</source>
        <translation>Die Größe von {0} wurde geändert</translation>
    </message>
    <message>
        <source>Volume {0}</source>
        <translation>Datenträger {0}</translation>
    </message>
    <message>
        <source>{0} cannot be read</source>
        <translation>{0} lässt sich nicht lesen</translation>
    </message>
    <message>
        <source>Wipe volumes</source>
        <translation>Datenträger überschreiben</translation>
    </message>
    <message numerus="yes">
        <source>Overwrite all data of %n volume(s) with zeros? It is lost.</source>
        <translation>
            <numerusform>Alle Daten eines Datenträgers mit Nullen überschreiben? Sie sind dann verloren.</numerusform>
            <numerusform>Alle Daten von %n Datenträgern mit Nullen überschreiben? Sie sind dann verloren.</numerusform>
        </translation>
    </message>
    <message>
        <source>Wipe</source>
        <translation>Überschreiben</translation>
    </message>
    <message>
        <source>{0} could not be wiped</source>
        <translation>{0} konnte nicht überschrieben werden</translation>
    </message>
    <message>
        <source>Delete volumes</source>
        <translation>Datenträger löschen</translation>
    </message>
    <message numerus="yes">
        <source>Delete %n volume(s) on the host? This cannot be undone.</source>
        <translation>
            <numerusform>Einen Datenträger auf dem Rechner löschen? Das lässt sich nicht rückgängig machen.</numerusform>
            <numerusform>%n Datenträger auf dem Rechner löschen? Das lässt sich nicht rückgängig machen.</numerusform>
        </translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>{0} could not be deleted</source>
        <translation>{0} konnte nicht gelöscht werden</translation>
    </message>
</context>
<context>
    <name>Volumes</name>
    <message>
        <source>There is a volume of that name already.</source>
        <translation>Einen Datenträger dieses Namens gibt es schon.</translation>
    </message>
</context>
<context>
    <name>VolumesModel</name>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>Format</translation>
    </message>
    <message>
        <source>Capacity</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Allocated</source>
        <translation>Belegt</translation>
    </message>
    <message>
        <source>Modified</source>
        <translation>Geändert</translation>
    </message>
    <message>
        <source>{0} of {1} allocated</source>
        <translation>{0} von {1} belegt</translation>
    </message>
    <message>
        <source>Overlay of {0}</source>
        <translation>Überlagert {0}</translation>
    </message>
</context>
<context>
    <name>VolumesPanel</name>
    <message>
        <source>Filter</source>
        <translation>Filter</translation>
    </message>
    <message>
        <source>Filter volumes by name</source>
        <translation>Datenträger nach Namen filtern</translation>
    </message>
    <message>
        <source>Part of a name, or a pattern with * and ?</source>
        <translation>Teil eines Namens, oder ein Muster mit * und ?</translation>
    </message>
    <message numerus="yes">
        <source>{0} of %n volume(s)</source>
        <translation>
            <numerusform>{0} von einem Datenträger</numerusform>
            <numerusform>{0} von %n Datenträgern</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n volume(s)</source>
        <translation>
            <numerusform>ein Datenträger</numerusform>
            <numerusform>%n Datenträger</numerusform>
        </translation>
    </message>
    <message>
        <source>{0} free</source>
        <translation>{0} frei</translation>
    </message>
    <message>
        <source>No connection</source>
        <translation>Keine Verbindung</translation>
    </message>
    <message>
        <source>Connect to a libvirt daemon to see its pools and volumes.</source>
        <translation>Verbinden Sie sich mit einem libvirt-Dienst, um seine Pools und Datenträger zu sehen.</translation>
    </message>
    <message>
        <source>New connection…</source>
        <translation>Neue Verbindung …</translation>
    </message>
    <message>
        <source>Connecting to {0}…</source>
        <translation>Verbindet: {0} …</translation>
    </message>
    <message>
        <source>Not connected</source>
        <translation>Nicht verbunden</translation>
    </message>
    <message>
        <source>Connect</source>
        <translation>Verbinden</translation>
    </message>
    <message>
        <source>Choose a pool</source>
        <translation>Wählen Sie einen Pool</translation>
    </message>
    <message>
        <source>Its volumes are shown here.</source>
        <translation>Seine Datenträger erscheinen hier.</translation>
    </message>
    <message>
        <source>The pool is stopped</source>
        <translation>Der Pool ist angehalten</translation>
    </message>
    <message>
        <source>Its volumes can be seen and used when it is started.</source>
        <translation>Seine Datenträger sind zu sehen und zu benutzen, wenn er gestartet ist.</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>Starten</translation>
    </message>
    <message>
        <source>Listing volumes…</source>
        <translation>Datenträger werden aufgelistet …</translation>
    </message>
    <message>
        <source>No volume matches</source>
        <translation>Kein Datenträger passt dazu</translation>
    </message>
    <message>
        <source>The pool is empty</source>
        <translation>Der Pool ist leer</translation>
    </message>
    <message>
        <source>Drop images here to upload them.</source>
        <translation>Legen Sie Abbilder hier ab, um sie hochzuladen.</translation>
    </message>
    <message>
        <source>Upload…</source>
        <translation>Hochladen …</translation>
    </message>
</context>
<context>
    <name>WorkerQueue</name>
    <message>
        <source>The process that transfers has ended unexpectedly</source>
        <translation>Der Übertragungsprozess ist unerwartet zu Ende</translation>
    </message>
    <message>
        <source>It is started again, and transfers go on.</source>
        <translation>Er wird neu gestartet, und die Übertragungen gehen weiter.</translation>
    </message>
    <message>
        <source>The process that transfers ends again and again</source>
        <translation>Der Übertragungsprozess endet immer wieder</translation>
    </message>
    <message>
        <source>Whatever you do with a transfer starts it once more.</source>
        <translation>Jeder Befehl an eine Übertragung startet ihn noch einmal.</translation>
    </message>
</context>
<context>
    <name>_LogTable</name>
    <message>
        <source>Log</source>
        <translation>Protokoll</translation>
    </message>
</context>
<context>
    <name>_Table</name>
    <message>
        <source>Volumes</source>
        <translation>Datenträger</translation>
    </message>
    <message>
        <source>Drop images here to upload</source>
        <translation>Abbilder hier ablegen, um sie hochzuladen</translation>
    </message>
</context>
<context>
    <name>_TransferTable</name>
    <message>
        <source>Transfers</source>
        <translation>Übertragungen</translation>
    </message>
</context>
<context>
    <name>extents</name>
    <message>
        <source>Data</source>
        <translation>Daten</translation>
    </message>
    <message>
        <source>Hole</source>
        <translation>Loch</translation>
    </message>
    <message>
        <source>Zeros</source>
        <translation>Nullen</translation>
    </message>
    <message>
        <source>Holes</source>
        <translation>Löcher</translation>
    </message>
    <message>
        <source>Pending</source>
        <translation>Ausstehend</translation>
    </message>
    <message>
        <source>In flight</source>
        <translation>Unterwegs</translation>
    </message>
    <message>
        <source>Acknowledged</source>
        <translation>Bestätigt</translation>
    </message>
    <message>
        <source>Verified</source>
        <translation>Verglichen</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>Fehlgeschlagen</translation>
    </message>
    <message>
        <source>Not known yet</source>
        <translation>Noch unbekannt</translation>
    </message>
    <message>
        <source>{0} to {1}</source>
        <translation>{0} bis {1}</translation>
    </message>
    <message>
        <source>No extents</source>
        <translation>Keine Bereiche</translation>
    </message>
    <message>
        <source>{0} in all</source>
        <translation>Insgesamt {0}</translation>
    </message>
    <message>
        <source>{0} not known yet</source>
        <translation>{0} noch unbekannt</translation>
    </message>
</context>
<context>
    <name>format</name>
    <message>
        <source>{0} d {1} h</source>
        <translation>{0} d {1} h</translation>
    </message>
    <message>
        <source>{0} s</source>
        <translation>{0} s</translation>
    </message>
    <message>
        <source>1 byte</source>
        <translation>1 Byte</translation>
    </message>
    <message>
        <source>{0} bytes</source>
        <translation>{0} Bytes</translation>
    </message>
</context>
<context>
    <name>words</name>
    <message>
        <source>starting</source>
        <translation>beginnt</translation>
    </message>
    <message>
        <source>scanning</source>
        <translation>durchsucht</translation>
    </message>
    <message>
        <source>checking</source>
        <translation>prüft</translation>
    </message>
    <message>
        <source>creating</source>
        <translation>legt an</translation>
    </message>
    <message>
        <source>sending</source>
        <translation>sendet</translation>
    </message>
    <message>
        <source>receiving</source>
        <translation>empfängt</translation>
    </message>
    <message>
        <source>finishing</source>
        <translation>schließt ab</translation>
    </message>
    <message>
        <source>verifying</source>
        <translation>vergleicht</translation>
    </message>
    <message>
        <source>ending</source>
        <translation>endet</translation>
    </message>
    <message>
        <source>waiting for try {0}</source>
        <translation>wartet auf Versuch {0}</translation>
    </message>
    <message>
        <source>queued</source>
        <translation>wartet</translation>
    </message>
    <message>
        <source>stalled</source>
        <translation>stockt</translation>
    </message>
    <message>
        <source>paused</source>
        <translation>pausiert</translation>
    </message>
    <message>
        <source>done</source>
        <translation>fertig</translation>
    </message>
    <message>
        <source>skipped</source>
        <translation>übersprungen</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>fehlgeschlagen</translation>
    </message>
    <message>
        <source>cancelled</source>
        <translation>abgebrochen</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>angehalten</translation>
    </message>
    <message>
        <source>being built</source>
        <translation>wird gebaut</translation>
    </message>
    <message>
        <source>active</source>
        <translation>aktiv</translation>
    </message>
    <message>
        <source>degraded</source>
        <translation>beeinträchtigt</translation>
    </message>
    <message>
        <source>not accessible</source>
        <translation>nicht erreichbar</translation>
    </message>
    <message>
        <source>local</source>
        <translation>lokal</translation>
    </message>
    <message>
        <source>Do not touch it</source>
        <translation>Unverändert lassen</translation>
    </message>
    <message>
        <source>Replace it</source>
        <translation>Ersetzen</translation>
    </message>
    <message>
        <source>Use another name</source>
        <translation>Anderen Namen nehmen</translation>
    </message>
    <message>
        <source>Skip</source>
        <translation>Überspringen</translation>
    </message>
    <message>
        <source>If it &amp;exists:</source>
        <translation>Wenn &amp;vorhanden:</translation>
    </message>
    <message>
        <source>&amp;Speed of each:</source>
        <translation>&amp;Rate je Datei:</translation>
    </message>
    <message>
        <source>&amp;Read back and compare</source>
        <translation>Zurück&amp;lesen und vergleichen</translation>
    </message>
    <message>
        <source>Connections:</source>
        <translation>Verbindungen:</translation>
    </message>
    <message>
        <source>&amp;Keep the old content until the new one is complete</source>
        <translation>Alten Inhalt be&amp;halten, bis der neue vollständig ist</translation>
    </message>
    <message>
        <source>Write even if a running machine &amp;uses the volume</source>
        <translation>Auch schreiben, wenn eine laufende &amp;Maschine den Datenträger benutzt</translation>
    </message>
    <message>
        <source>More &amp;options</source>
        <translation>Weitere &amp;Optionen</translation>
    </message>
    <message>
        <source>Do not send &amp;zeros, make holes of them</source>
        <translation>&amp;Nullen nicht senden, Löcher daraus machen</translation>
    </message>
    <message>
        <source>St&amp;art at once</source>
        <translation>&amp;Sofort beginnen</translation>
    </message>
</context>
</TS>
