<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>ConnectionCommands</name>
    <message numerus="yes">
        <source>It works: libvirt {0}, %n pool(s).</source>
        <translation>
            <numerusform>It works: libvirt {0}, one pool.</numerusform>
            <numerusform>It works: libvirt {0}, %n pools.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n connection(s) imported</source>
        <translation>
            <numerusform>One connection imported</numerusform>
            <numerusform>%n connections imported</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Endings</name>
    <message numerus="yes">
        <source>%n transfer(s) ended</source>
        <translation>
            <numerusform>One transfer has ended</numerusform>
            <numerusform>%n transfers have ended</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n transfer(s) ended, {0} of them failed</source>
        <translation>
            <numerusform>One transfer has ended, {0} of them failed</numerusform>
            <numerusform>%n transfers have ended, {0} of them failed</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message numerus="yes">
        <source>%n transfer(s) are running. Quit anyway?</source>
        <translation>
            <numerusform>One transfer is running. Quit anyway?</numerusform>
            <numerusform>%n transfers are running. Quit anyway?</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>MovingCommands</name>
    <message numerus="yes">
        <source>Connect to a daemon first: then you are asked where to upload %n file(s).</source>
        <translation>
            <numerusform>Connect to a daemon first: then you are asked where to upload the file.</numerusform>
            <numerusform>Connect to a daemon first: then you are asked where to upload the %n files.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>TransferCommands</name>
    <message numerus="yes">
        <source>Cancel %n running transfer(s)? What has arrived is removed.</source>
        <translation>
            <numerusform>Cancel one running transfer? What has arrived is removed.</numerusform>
            <numerusform>Cancel %n running transfers? What has arrived is removed.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n of them are running and are cancelled first.</source>
        <translation>
            <numerusform>One of them is running and is cancelled first.</numerusform>
            <numerusform>%n of them are running and are cancelled first.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Tray</name>
    <message numerus="yes">
        <source>%n transfer(s) under way</source>
        <translation>
            <numerusform>one transfer under way</numerusform>
            <numerusform>%n transfers under way</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>VolumeCommands</name>
    <message numerus="yes">
        <source>Overwrite all data of %n volume(s) with zeros? It is lost.</source>
        <translation>
            <numerusform>Overwrite all data of one volume with zeros? It is lost.</numerusform>
            <numerusform>Overwrite all data of %n volumes with zeros? It is lost.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Delete %n volume(s) on the host? This cannot be undone.</source>
        <translation>
            <numerusform>Delete one volume on the host? This cannot be undone.</numerusform>
            <numerusform>Delete %n volumes on the host? This cannot be undone.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>VolumesPanel</name>
    <message numerus="yes">
        <source>{0} of %n volume(s)</source>
        <translation>
            <numerusform>{0} of one volume</numerusform>
            <numerusform>{0} of %n volumes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n volume(s)</source>
        <translation>
            <numerusform>one volume</numerusform>
            <numerusform>%n volumes</numerusform>
        </translation>
    </message>
</context>
</TS>
